package where

// Uses says whether c asks for a field.
func Uses(c Cond, field string) bool {
	any := func(cs []Cond) bool {
		for _, c := range cs {
			if Uses(c, field) {
				return true
			}
		}
		return false
	}
	switch c := c.(type) {
	case All:
		return any(c)
	case Any:
		return any(c)
	case Not:
		return Uses(c.C, field)
	case Empty:
		return c.Field == field
	case Eq:
		return c.Field == field
	case In:
		return c.Field == field
	case Prefix:
		return c.Field == field
	case Range:
		return c.Field == field
	case Like:
		return c.Field == field
	}
	return false
}
