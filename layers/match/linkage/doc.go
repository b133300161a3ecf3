// Package linkage decides which rows of two registers are the same
// establishment: a legal person or a place, never a natural person.
//
// It is pure: values in, values out, no database and no clock. The steps are
// those of record linkage since Fellegi and Sunter (1969):
//
//  1. [Prepare] reads both registers: names into brand, trade, legal form,
//     place and branch ([ParseName]), addresses into street, number, building
//     and room ([ParseAddress]), and counts how often each word and each address occurs.
//  2. Blocking proposes pairs that share a rare word, an address, a spot, a
//     code or a pronunciation, instead of comparing everything with everything.
//  3. Each pair is compared field by field. A field says how much more likely it
//     would be as it is if the two were the same, in bits: agreement on a
//     rare name is worth many, on a common one few, and disagreement costs.
//  4. Odds become probabilities among all candidates of a row: two candidates
//     that fit equally well share the probability, and so go to a person.
//  5. One row gets one row at most, by the best assignment in total
//     ([OneToOne]), or by the best candidate of each ([ManyToOne]).
//
// Every score comes with its reasons ([Reason]): level by level, in words
// ([Reason.Words]) of either language.
package linkage
