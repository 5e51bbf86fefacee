// Package recipes turns one YAML file a revision into an immutable value: what a product is, how its packs go through the
// line, what is set and what is asked at each station. It is strict: an unknown key, unit or measurement is an error that
// names the file and the line. Parse reports all problems of a file at once.
//
// It does not choose a recipe for a pack, keep revisions or know stations by name: the supervisor and the store do.
//
// # The file
//
// At the top: product, revision, title, status (draft, approved, withdrawn), author, approver (another person), chemistry,
// series, parallel, modules, serial_prefix, and nominal {voltage, capacity, mass}. Then:
//
//	cell        what is asked of cells at receipt: item, quantity, lane, code_pattern, min_code_grade, max_age, max_lots,
//	            min_soc, max_soc, remeasure, validity
//	matching    how sets are built: strategy (window, bins), capacity_spread, ocv_spread, acir_spread, min_capacity,
//	            group {ocv_spread, acir_spread, capacity_spread} for cells in parallel, bins {capacity, ocv, acir}
//	materials   a list of {item, step, level (lot, serial), quantity, unit}
//	route       a list of {step, required, needs: [{step, within}]} in the order of the line; a step that the product does
//	            not need is left out
//	rework      a list of {step, max_per_index, max_per_pack, invalidates: [step], authorised}
//	stations    one section for each step of the route
//
// A station's section holds
//
//	parameters    by name: {value, unit, min, max, class}; min and max are the equipment's hard limits, class is critical,
//	              major or minor
//	limits        by name: {lsl, target, usl, unit, nok_code, retest, disposition}; at least one of lsl and usl
//	master_check  {interval, references: {reference1: {lsl, target, usl, unit}}}: measured over nominal value of a reference
//	sampling      a list of {what, every}
//	tool          {name, unit, warn, limit, action}: a part that wears
//
// and besides, for some kinds,
//
//	weld        technology (laser, resistance, ultrasonic), joints, joints_per_position, hold_after_nok, max_nok
//	inspect     per_act, relative_max
//	assemble    screws
//	endofline   steps: a list of all seventeen in order, each {step, parameters, limits, every} or {step, not_required}
//
// Parameters and limits carry the names of the station's tasks, see line.TaskSpec; what the station itself decides (lane,
// slot, count) is not in a recipe. A task gets all of its parameters. Only compression may have none: then cells are not
// compressed.
//
// Quantities outside parameters and limits are one text, "5 mV". Times are "90s", "72h" or "180d". Units are those of
// line.ParseUnit; inside, all is in base units.
package recipes
