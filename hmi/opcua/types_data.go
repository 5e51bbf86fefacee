package opcua

import "linectl/packml"

// structured declares a structured DataType of a specification.
func structured(id ID, name string, encoding uint32, optional bool, fields ...Member) Node {
	return Type{
		Browse: Browse{ID: id, Parent: structureType, Name: name}, Class: DataType,
		Structure: &Structure{Encoding: encoding, Optional: optional, Fields: fields},
	}
}

// sent is a field that our records fill.
func sent(name string, k Kind) Member { return Member{Name: name, Kind: k, Filled: true} }

// spare is an optional field that they never have.
func spare(name string, k Kind) Member { return Member{Name: name, Kind: k, Optional: true} }

func optional(m Member) Member { m.Optional = true; return m }
func array(m Member) Member    { m.Array = true; return m }
func of(m Member, data ID) Member {
	m.Data = data
	return m
}

// dataTypes are the structures and enumerations that values of ours are of, whole: a client that reads their definition can read
// every field, also those that are never there.
func dataTypes() []Node {
	nodes := packmlDataTypes()
	nodes = append(nodes, resultDataTypes()...)
	return append(nodes, jobDataTypes()...)
}

// unitModes is our enumeration of unit modes: those of OPC 30050, and from 4 on our own.
var unitModes = Own("UnitModeEnum")

func packmlDataTypes() []Node {
	modes := []string{"Invalid"}
	for m := packml.Production; m <= packml.MasterCheck; m++ {
		modes = append(modes, m.String())
	}
	modes[packml.Production] = "Produce" // as OPC 30050 spells it
	return []Node{
		Type{Browse: Browse{ID: packmlID(11), Parent: enumerationType, Name: "ProductionMaintenanceModeEnum"}, Class: DataType, Names: modes[:4]},
		Type{Browse: Browse{ID: unitModes, Parent: packmlID(11), Name: "UnitModeEnum", Help: "The unit modes of the stations."}, Class: DataType, Names: modes},
		structured(packmlID(14), "PackMLCountDataType", 69, false, sent("ID", Int32), sent("Name", String), sent("Unit", Measure), sent("Count", Int32), sent("AccCount", Int32)),
		structured(packmlID(15), "PackMLAlarmDataType", 74, false, sent("ID", Int32), sent("Value", Int32), sent("Message", String), sent("Category", Int32),
			sent("DateTime", Moment), sent("AckDateTime", Moment), sent("Trigger", Bool)),
	}
}

func resultDataTypes() []Node {
	return []Node{
		Type{Browse: Browse{ID: resultID(3002), Parent: enumerationType, Name: "ResultEvaluationEnum"}, Class: DataType, Names: []string{"Undefined", "OK", "NotOK", "NotDecidable"}},
		structured(resultID(3006), "ProcessingTimesDataType", 5003, true, Member{Name: "StartTime", Kind: Moment}, Member{Name: "EndTime", Kind: Moment},
			spare("AcquisitionDuration", Duration), spare("ProcessingDuration", Duration)),
		structured(resultID(3007), "ResultMetaDataType", 5005, true, sent("ResultId", String), spare("HasTransferableDataOnFile", Bool), spare("IsPartial", Bool),
			optional(sent("IsSimulated", Bool)), spare("ResultState", Int32), optional(sent("StepId", String)), optional(sent("PartId", String)),
			spare("ExternalRecipeId", String), spare("InternalRecipeId", String), optional(sent("ProductId", String)), spare("ExternalConfigurationId", String),
			spare("InternalConfigurationId", String), optional(sent("JobId", String)), optional(sent("CreationTime", Moment)),
			of(spare("ProcessingTimes", Structured), resultID(3006)), array(spare("ResultUri", String)),
			of(optional(sent("ResultEvaluation", Int32)), resultID(3002)), spare("ResultEvaluationCode", Int64), optional(sent("ResultEvaluationDetails", Text)),
			array(spare("FileFormat", String))),
		structured(resultID(3008), "ResultDataType", 5008, false, of(sent("ResultMetaData", Structured), resultID(3007)), Member{Name: "ResultContent", Kind: Anything, Array: true}),
	}
}

func jobDataTypes() []Node {
	words := array(spare("Description", Text))
	required := func(name string) []Member { // of persons, equipment and assets, which all look alike
		return []Member{
			sent("ID", String), words, spare(name, String), spare("Quantity", String), spare("EngineeringUnits", Measure),
			of(array(spare("Properties", Structured)), jobID(3002)),
		}
	}
	needs := func(suffix string) []Member {
		return []Member{
			of(array(spare("Personnel"+suffix, Structured)), jobID(3011)), of(array(spare("Equipment"+suffix, Structured)), jobID(3005)),
			of(array(spare("PhysicalAsset"+suffix, Structured)), jobID(3012)), of(array(spare("Material"+suffix, Structured)), jobID(3010)),
		}
	}
	parameters := func(name string) Member { return of(array(optional(sent(name, Structured))), jobID(3003)) }
	return []Node{
		structured(jobID(3002), "ISA95PropertyDataType", 5002, true, sent("ID", String), sent("Value", Anything), words, spare("EngineeringUnits", Measure),
			of(array(spare("Subproperties", Structured)), jobID(3002))),
		structured(jobID(3003), "ISA95ParameterDataType", 5005, true, sent("ID", String), sent("Value", Anything), words, spare("EngineeringUnits", Measure),
			of(array(spare("Subparameters", Structured)), jobID(3003))),
		structured(jobID(3005), "ISA95EquipmentDataType", 5008, true, required("EquipmentUse")...),
		structured(jobID(3011), "ISA95PersonnelDataType", 5020, true, required("PersonnelUse")...),
		structured(jobID(3012), "ISA95PhysicalAssetDataType", 5023, true, required("PhysicalAssetUse")...),
		structured(jobID(3010), "ISA95MaterialDataType", 5017, true, spare("MaterialClassID", String), spare("MaterialDefinitionID", String),
			spare("MaterialLotID", String), spare("MaterialSublotID", String), words, spare("MaterialUse", String), spare("Quantity", String),
			spare("EngineeringUnits", Measure), of(array(spare("Properties", Structured)), jobID(3002))),
		structured(jobID(3006), "ISA95StateDataType", 5029, false, Member{Name: "BrowsePath", Kind: Path}, sent("StateText", Text), sent("StateNumber", UInt32)),
		structured(jobID(3007), "ISA95WorkMasterDataType", 5011, true, sent("ID", String), spare("Description", Text), of(array(spare("Parameters", Structured)), jobID(3003))),
		structured(jobID(3008), "ISA95JobOrderDataType", 5014, true, append([]Member{
			sent("JobOrderID", String), words, of(array(optional(sent("WorkMasterID", Structured))), jobID(3007)), spare("StartTime", Moment),
			spare("EndTime", Moment), spare("Priority", Int16), parameters("JobOrderParameters"),
		}, needs("Requirements")...)...),
		structured(jobID(3013), "ISA95JobResponseDataType", 5026, true, append([]Member{
			sent("JobResponseID", String), spare("Description", Text), sent("JobOrderID", String), spare("StartTime", Moment), spare("EndTime", Moment),
			of(array(sent("JobState", Structured)), jobID(3006)), parameters("JobResponseData"),
		}, needs("Actuals")...)...),
		structured(jobID(3015), "ISA95JobOrderAndStateDataType", 5032, false, of(sent("JobOrder", Structured), jobID(3008)), of(array(sent("State", Structured)), jobID(3006))),
	}
}
