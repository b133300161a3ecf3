package quality

import (
	"encoding/json"
	"fmt"
)

// Weights say how much each dimension counts in a score. A dimension that is
// not named does not count.
type Weights map[string]float64

// Grades are the scores from which on grades 1 to 4 are given; below the last
// it is grade 5.
type Grades []float64

// parseWeights reads the setting quality.weights.
func parseWeights(text []byte) (Weights, error) {
	var w Weights
	if err := json.Unmarshal(text, &w); err != nil {
		return nil, fmt.Errorf(`quality weights: want a number for each dimension, such as {"accuracy": 2}`)
	}
	for name, v := range w {
		known := false
		for _, d := range Dimensions {
			known = known || d.Name == name
		}
		if !known || v < 0 || v > 1000 {
			return nil, fmt.Errorf("quality weights: %q: %g: want one of the six dimensions, and 0 to 1000", name, v)
		}
	}
	return w, nil
}

// parseGrades reads the setting quality.grades.
func parseGrades(text []byte) (Grades, error) {
	var g Grades
	if err := json.Unmarshal(text, &g); err != nil || len(g) != 4 {
		return nil, fmt.Errorf("quality grades: want four scores in falling order, such as [95, 85, 75, 60]")
	}
	for i, v := range g {
		if v < 0 || v > 100 || i > 0 && v >= g[i-1] {
			return nil, fmt.Errorf("quality grades: want four scores in falling order, such as [95, 85, 75, 60]")
		}
	}
	return g, nil
}

// grade of a score, 1 to 5.
func (g Grades) grade(score float64) int {
	for i, from := range g {
		if score >= from {
			return i + 1
		}
	}
	return len(g) + 1
}

// sum fills a card's dimensions and score from its results. A dimension's X is
// the mean of its rules' X by the rules' weights; the score is the mean of the
// dimensions' X by theirs, times 100. What has no X, because nothing was
// assessed, counts nowhere.
func (c *Card) sum(w Weights, g Grades) {
	c.Dimensions = []DimensionScore{}
	var total, weights float64
	for _, d := range Dimensions {
		s := DimensionScore{Dimension: d.Name}
		var mean, by float64
		for _, r := range c.Results {
			if dimensionOf(r.Rule.Indicator) != d.Name {
				continue
			}
			s.Rules++
			s.A, s.B = s.A+r.A, s.B+r.B
			if r.X != nil {
				mean, by = mean+*r.X*r.Rule.Weight, by+r.Rule.Weight
			}
		}
		if s.Rules == 0 {
			continue
		}
		if by > 0 {
			x := mean / by
			s.X = &x
			total, weights = total+x*w[d.Name], weights+w[d.Name]
		}
		c.Dimensions = append(c.Dimensions, s)
	}
	if weights > 0 {
		score := 100 * total / weights
		c.Score, c.Grade = &score, g.grade(score)
	}
}
