package opcua

import "linectl/line"

// orderNodes show the orders twice: as parallel lists, for HMIs that read no structures, and as OPC 10031-4 has them.
func orderNodes() []Node {
	root := Own("JobOrders")
	part := func(name string, v Variable, help string) Node {
		v.Browse = Browse{ID: Own("JobOrders." + name), Parent: root, Space: jobSpace, Name: name, Help: help}
		return v
	}
	list := func(name string, kind Kind, help string) Node {
		v := part(name, Variable{Kind: kind, Array: true}, help).(Variable)
		v.Space = ""
		return v
	}
	structures := func(data uint32) Variable { return Variable{Kind: Structured, Data: jobID(data), Array: true} }
	names := Variable{Kind: String, Array: true, Fixed: []string{}}
	responses := Own("JobResponses")
	nodes := jobOrderMachine.instance(root, Own("Line"), LineSpace, "JobOrders", false)
	return append(nodes,
		list("JobOrderID", String, "The order's name; the other lists have a place for each."), list("WorkMasterID", String, "Product and recipe revision."),
		list("JobState", UInt32, "2 AllowedToStart, 3 Running, 5 Ended."), list("Quantity", UInt32, "Packs asked for."),
		list("Released", UInt32, "Packs released."), list("Scrapped", UInt32, "Packs scrapped."), list("Quarantined", UInt32, "Packs in quarantine."),
		part("JobOrderList", structures(3015), "The orders with their states; how many packs is the parameter Quantity."),
		part("WorkMaster", structures(3007), "What may be ordered."),
		part("EquipmentID", Variable{Kind: String, Array: true}, "The stations."),
		part("MaterialClassID", names, "Not used."), part("MaterialDefinitionID", names, "Not used."),
		part("PersonnelID", names, "Not used."), part("PhysicalAssetID", names, "Not used."),
		part("MaxDownloadableJobOrders", Variable{Kind: UInt16, Property: true, Fixed: uint16(0)}, "None by this object: AddOrder of Line takes orders."),
		Object{Browse: Browse{ID: responses, Parent: Own("Line"), Name: "JobResponses", Help: "What became of the orders, after OPC 10031-4."}, Type: jobID(1003)},
		Variable{
			Browse: Browse{ID: Own("JobResponses.JobOrderResponseList"), Parent: responses, Space: jobSpace, Name: "JobOrderResponseList", Help: "One for each order that has begun."},
			Kind:   Structured, Data: jobID(3013), Array: true,
		},
	)
}

func orderValues(s *line.Snapshot, q Quality) []Value {
	v := func(name string, value any) Value { return Value{Own("JobOrders." + name), value, q, s.At} }
	n, current := order(s), "" // the state of the order in work
	if n.Order != "" {
		current = jobStates[jobState(n)]
	}
	var responses []Record
	for _, o := range s.Orders {
		if o.Started > 0 {
			responses = append(responses, jobResponse(o))
		}
	}
	return []Value{
		v("JobOrderID", column(s.Orders, func(o line.OrderSnapshot) string { return string(o.Order) })),
		v("WorkMasterID", column(s.Orders, workMaster)), v("JobState", column(s.Orders, jobState)),
		v("Quantity", column(s.Orders, func(o line.OrderSnapshot) uint32 { return count(o.Quantity) })),
		v("Released", column(s.Orders, func(o line.OrderSnapshot) uint32 { return count(o.Released) })),
		v("Scrapped", column(s.Orders, func(o line.OrderSnapshot) uint32 { return count(o.Scrapped) })),
		v("Quarantined", column(s.Orders, func(o line.OrderSnapshot) uint32 { return count(o.Quarantined) })),
		v("JobOrderList", column(s.Orders, jobOrder)), v("WorkMaster", column(s.Recipes, func(r string) Record { return Record{r} })),
		v("EquipmentID", column(s.Stations, func(t line.StationSnapshot) string { return string(t.Station) })),
		v("CurrentState", current), v("CurrentState.Id", jobOrderMachine.stateID(current)), v("CurrentState.Number", jobState(n)),
		{Own("JobResponses.JobOrderResponseList"), responses, q, s.At},
	}
}

func workMaster(o line.OrderSnapshot) string { return o.Product + "/" + o.Revision }

// jobOrder is an ISA95JobOrderAndStateDataType.
func jobOrder(o line.OrderSnapshot) Record {
	return Record{
		Record{string(o.Order), []Record{{workMaster(o)}}, []Record{{"Quantity", count(o.Quantity)}}},
		[]Record{stateRecord(o)},
	}
}

// jobResponse is an ISA95JobResponseDataType.
func jobResponse(o line.OrderSnapshot) Record {
	return Record{
		string(o.Order), string(o.Order),
		[]Record{stateRecord(o)},
		[]Record{{"Started", count(o.Started)}, {"Released", count(o.Released)}, {"Scrapped", count(o.Scrapped)}, {"Quarantined", count(o.Quarantined)}},
	}
}

func stateRecord(o line.OrderSnapshot) Record { return Record{jobStates[jobState(o)], jobState(o)} }

// jobStates are the names of the states that our orders can be in.
var jobStates = map[uint32]string{2: "AllowedToStart", 3: "Running", 5: "Ended"}

func jobState(o line.OrderSnapshot) uint32 {
	switch {
	case o.Order == "":
		return 0
	case o.Released+o.Scrapped+o.Quarantined >= o.Quantity:
		return 5
	case o.Started > 0:
		return 3
	}
	return 2
}
