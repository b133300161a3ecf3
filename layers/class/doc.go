// Package class is the classes of components (部件) and matters (事项): their
// editions and the crosswalk between them, the filing conditions and limits,
// and whose matter a class is.
package class
