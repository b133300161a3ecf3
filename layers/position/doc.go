// Package position is where the staff on duty are, and the fences that they
// enter and leave.
package position
