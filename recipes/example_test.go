package recipes_test

import (
	"fmt"
	"os"
	"strings"

	"linectl/line"
	"linectl/recipes"
)

func ExampleParse() {
	source, err := os.ReadFile("../examples/reference/recipes/EV-P1.yaml")
	if err != nil {
		panic(err)
	}
	r, err := recipes.Parse("EV-P1.yaml", source)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s revision %s: %dS%dP in %d modules, %d joints\n", r.Product, r.Revision, r.Series, r.Parallel, r.Modules, r.Weld.Joints)
	for _, p := range r.Process(line.Weld).Parameters[:2] {
		fmt.Printf("%s %s, the equipment can do %s to %s\n", p.Name, line.Format(p.Value, p.Unit), line.Format(p.Min, p.Unit), line.Format(p.Max, p.Unit))
	}
	depth, _ := r.Process(line.Weld).Limit("depth")
	fmt.Println(depth.Measure(14, 0.00061))
	// Output:
	// EV-P1 revision 2: 104S1P in 8 modules, 208 joints
	// power 2800 W, the equipment can do 1500 W to 6000 W
	// speed 0.12 m/s, the equipment can do 0.06 m/s to 0.25 m/s
	// depth 14 610 µm < 1 mm
}

func ExampleProblems() {
	source, err := os.ReadFile("testdata/small.yaml")
	if err != nil {
		panic(err)
	}
	wrong := strings.NewReplacer("power: {value: 2800", "power: {value: 7000", "usl: 1.5, unit: mm", "usl: 1.5, unit: V").Replace(string(source))
	_, err = recipes.Parse("TST-1.yaml", []byte(wrong))
	for _, p := range recipes.Problems(err) {
		fmt.Printf("line %d, %s:\n  %s\n", p.Line, p.Field, p.Text)
	}
	// Output:
	// line 68, stations.weld.parameters.power.value:
	//   7000 W is above the equipment's maximum of 6000 W; give 1500 to 6000
	// line 76, stations.weld.limits.depth.unit:
	//   the unit V does not fit; this is measured in m or mm or µm
}
