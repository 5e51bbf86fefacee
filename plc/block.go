package plc

import (
	"encoding/hex"
	"fmt"
	"math"

	"linectl/line"
	"linectl/plc/tags"
)

// executeBlock puts an intent into a command block. It refuses what the block cannot carry whole, with the reason that the
// device itself would give: a part or parameter that silently goes missing would be a weld made wrong.
func executeBlock(token line.Token, act line.Intent) (tags.Command, line.RejectReason, error) {
	c := tags.Command{Token: token, Op: tags.OpExecute, Task: uint16(act.Task), Part: act.Part}
	if token == 0 {
		return c, line.RejectBlock, fmt.Errorf("act %q has no token", act.Name)
	}
	if !act.Task.Known() {
		return c, line.RejectRecipe, fmt.Errorf("no task %d", act.Task)
	}
	if len(act.Part) > 32 || !ascii(act.Part) {
		return c, line.RejectPart, fmt.Errorf("part %q does not fit into 32 ASCII characters", act.Part)
	}
	if act.Index < 0 || act.Index > math.MaxUint16 {
		return c, line.RejectRecipe, fmt.Errorf("index %d is outside 0 to 65535", act.Index)
	}
	c.Index = uint16(act.Index)
	if act.Rework {
		c.Flags |= tags.FlagRework
	}
	if act.RecipeHash != "" {
		hash, err := hex.DecodeString(act.RecipeHash)
		if err != nil || len(hash) < len(c.RecipeHash) {
			return c, line.RejectRecipe, fmt.Errorf("recipe hash %q is not hexadecimal or too short", act.RecipeHash)
		}
		copy(c.RecipeHash[:], hash)
	}
	var err error
	if c.Params, err = act.Task.Spec().Block(act.Params); err != nil {
		return c, line.RejectRecipe, err
	}
	return c, 0, nil
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
