// Package feed follows the database's write-ahead log and hands out committed
// transactions in commit order. It is onemap's only event bus: whoever writes a
// row, by whatever program, has told everybody, and a transaction that rolled
// back has told nobody.
//
// A [Feed] opens a logical replication connection (pgoutput, publication
// onemap), makes a temporary slot with an exported snapshot, lets its readers
// load their state under that snapshot, and then applies to them every
// transaction committed after it: no gap and no repeat. The slot dies with the
// connection, so a stopped node never holds back the log; after a lost
// connection the feed takes a new slot and a new snapshot, loads its readers
// anew and tells them by Reset that what came between cannot be replayed.
//
// # What is kept of a transaction
//
// A [Row] keeps the bytes that PostgreSQL sent and decodes a column when it is
// asked for. A column that an UPDATE left alone and PostgreSQL stores out of
// line (TOAST: large polygons, long texts) is not in the log; it is taken from
// the old row, which tables with REPLICA IDENTITY FULL carry. All layers do.
//
// A transaction can change more rows than fit in memory. At most
// [Feed.MaxRows] changes or [Feed.MaxBytes] bytes of one table are kept for
// one transaction; beyond that the table's changes are dropped as they come
// and reported as one [Bulk] with count and bounding box, and the table is
// named in [Tx.Replaced]: what is known of it must be read anew.
//
// # Schema changes
//
// PostgreSQL does not log DDL. A table swapped by layers.Store.Replace is
// announced by a message in its transaction. Other changes show at the next
// change of the table, when PostgreSQL describes it anew: if its columns, or
// the table behind its name, are not those of before, it is named in
// [Tx.Replaced].
package feed
