// Package evaluate counts how cases were handled (绩效评价): for areas,
// departments and posts, by period.
package evaluate
