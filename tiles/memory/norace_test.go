//go:build !race

package memory_test

// raceDetector: the tests run under it. Those of one goroutine would only take long.
const raceDetector = false
