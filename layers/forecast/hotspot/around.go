package hotspot

// scales are the bandwidths of the neighbourhoods that a prior is mixed of, in
// metres. The whole city is one more.
var scales = []float64{100, 200, 400, 800, 1600}

// around writes into mean what the neighbours of each pixel say of it: the mix
// sum_k w_k m_k of Gaussian means at several scales, each with the pixel itself
// left out, and of the mean of the whole city. The weights are those under
// which the counts are likeliest (sum n ln m, by EM as for a pool); given
// weights are kept.
func (s *Space) around(count []float64, weights []float64, mean []float64) []float64 {
	cells := make([]int32, 0, len(s.owner)) // pixels of the city
	var sum float64
	for at, c := range s.owner {
		if c >= 0 {
			cells = append(cells, int32(at))
			sum += count[at]
		}
	}
	even := sum / float64(len(cells))
	each := make([]*[]float64, len(scales))
	for k, h := range scales {
		each[k] = borrow(len(s.owner))
		defer giveBack(each[k])
		s.others(count, h, *each[k])
	}
	if weights == nil {
		e := evidence{parts: len(scales) + 1}
		for _, at := range cells {
			if count[at] == 0 {
				continue
			}
			e.n = append(e.n, count[at])
			for k := range scales {
				e.q = append(e.q, (*each[k])[at])
			}
			e.q = append(e.q, even)
		}
		prior := make([]float64, e.parts)
		for k := range prior {
			prior[k] = 1
		}
		weights, _ = e.weigh(prior, 60)
	}
	clear(mean)
	for _, at := range cells {
		m := weights[len(scales)] * even
		for k := range scales {
			m += weights[k] * (*each[k])[at]
		}
		mean[at] = m
	}
	return weights
}

// others writes the Gaussian mean of the neighbours of each pixel of the city,
// itself left out, into mean.
func (s *Space) others(count []float64, hM float64, mean []float64) {
	m := s.smoother(hM)
	copy(mean, count)
	m.convolve(mean)
	own := m.taps[0] * m.taps[0]
	for at, c := range s.owner {
		if c < 0 {
			mean[at] = 0
		} else if others := m.inside[at] - own; others > 1e-9 {
			mean[at] = max(0, (mean[at]-own*count[at])/others)
		} else {
			mean[at] = 0
		}
	}
}
