package simulator

import "math"

// dice are the random numbers of one physical event. They are made from a hash of what the event is, never taken from a
// shared stream, so that the same seed gives the same values in whatever order and at whatever time the events happen.
type dice uint64

// roll makes the dice of one event: what it is for, on which part, at which index, at which attempt.
func (p *Plant) roll(purpose, part string, index, attempt int) dice {
	const prime = 1099511628211 // FNV-1a
	h := uint64(14695981039346656037)
	mix := func(b byte) { h = (h ^ uint64(b)) * prime }
	number := func(n uint64) {
		for range 8 {
			mix(byte(n))
			n >>= 8
		}
	}
	number(p.cfg.Seed)
	for _, s := range []string{purpose, part} {
		for i := range len(s) {
			mix(s[i])
		}
		mix(0)
	}
	number(uint64(index))
	number(uint64(attempt))
	return dice(h)
}

// next draws 64 bits (splitmix64).
func (d *dice) next() uint64 {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// uniform draws from the open interval 0 to 1.
func (d *dice) uniform() float64 { return (float64(d.next()>>11) + 0.5) / (1 << 53) }

// chance is true with the probability.
func (d *dice) chance(probability float64) bool { return d.uniform() < probability }

// between draws evenly between two values.
func (d *dice) between(low, high float64) float64 { return low + (high-low)*d.uniform() }

// normal draws from a normal distribution.
func (d *dice) normal(mean, sigma float64) float64 {
	u, v := d.uniform(), d.uniform()
	return mean + sigma*math.Sqrt(-2*math.Log(u))*math.Cos(2*math.Pi*v)
}

// lognormal draws from a lognormal distribution with the median and the standard deviation of the logarithm.
func (d *dice) lognormal(median, sigma float64) float64 { return median * math.Exp(d.normal(0, sigma)) }

// within draws a normal value again until it lies in the interval; after 64 tries it takes the nearer bound.
func (d *dice) within(mean, sigma, low, high float64) float64 {
	v := mean
	for range 64 {
		if v = d.normal(mean, sigma); low <= v && v <= high {
			return v
		}
	}
	return math.Min(math.Max(v, low), high)
}
