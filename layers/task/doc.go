// Package task is the work in the field: verification, check, patrol, visits
// with a checklist, and the hazards that a visit opens.
package task
