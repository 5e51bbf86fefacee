package opcua

import "linectl/line"

// orderNodes show the orders as the job orders of OPC 10031-4 name them, as parallel lists: its structures are not offered.
func orderNodes() []Node {
	root := Own("JobOrders")
	list := func(name string, kind Kind, help string) Node {
		return Variable{Browse: Browse{ID: Own("JobOrders." + name), Parent: root, Space: jobSpace, Name: name, Help: help}, Kind: kind, Array: true}
	}
	return []Node{
		Object{Browse: Browse{ID: root, Parent: Own("Line"), Name: "JobOrders", Help: "The orders, one place in each list for each."}},
		list("JobOrderID", String, "The order's name."), list("WorkMasterID", String, "Product and recipe revision."),
		list("JobState", UInt32, "2 AllowedToStart, 3 Running, 5 Ended."), list("Quantity", UInt32, "Packs asked for."),
		list("Released", UInt32, "Packs released."), list("Scrapped", UInt32, "Packs scrapped."), list("Quarantined", UInt32, "Packs in quarantine."),
	}
}

func orderValues(s *line.Snapshot, q Quality) []Value {
	n := len(s.Orders)
	ids, masters := make([]string, n), make([]string, n)
	states, asked, released, scrapped, quarantined := make([]uint32, n), make([]uint32, n), make([]uint32, n), make([]uint32, n), make([]uint32, n)
	for i, o := range s.Orders {
		ids[i], masters[i], states[i] = string(o.Order), o.Product+"/"+o.Revision, jobState(o)
		asked[i], released[i], scrapped[i], quarantined[i] = count(o.Quantity), count(o.Released), count(o.Scrapped), count(o.Quarantined)
	}
	v := func(name string, value any) Value { return Value{Own("JobOrders." + name), value, q, s.At} }
	return []Value{
		v("JobOrderID", ids), v("WorkMasterID", masters), v("JobState", states), v("Quantity", asked),
		v("Released", released), v("Scrapped", scrapped), v("Quarantined", quarantined),
	}
}

func jobState(o line.OrderSnapshot) uint32 {
	switch {
	case o.Released+o.Scrapped+o.Quarantined >= o.Quantity:
		return 5
	case o.Started > 0:
		return 3
	}
	return 2
}
