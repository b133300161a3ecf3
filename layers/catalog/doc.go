// Package catalog is the catalogue of information resources
// (政务信息资源目录): what each department has, described by the customary core
// metadata, whether or not onemap holds it.
//
// A resource has a code, "class/number": 类 1 digit, 项 2, 目 3, 细目 any number
// more; the number is never used again. It may be bound to a layer, hold files,
// name an address outside of onemap, or none of these: then it is known and
// not yet mounted (挂接). Every layer has a resource, made with it. Of one that is
// bound the layer itself says who provides it, how it is shared, and what its
// items are (onemap.resource_now): nothing is said twice, so nothing disagrees.
//
// Two questions are kept apart. Whether a caller may know that a resource
// exists is its known_to (public, staff, line). Whether they may see what is in
// it is the layer's Scope (layers/access), or for what is no layer its share
// type and the grants of layers/sharing. Whoever may see it may know of it; who
// may only know of it can ask.
//
// What a resource was is kept whole, version by version (onemap.resource_past);
// what changes a bound layer's head is a version too.
//
// Search is from memory (index.go): all resources with their words, pairs of
// characters and pinyin, brought up to date before each search by what the
// database says has changed since, so that a search sees every commit before it.
package catalog
