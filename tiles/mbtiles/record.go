package mbtiles

import "encoding/binary"

// appendVarint writes SQLite's varint: big-endian, seven bits a byte. Numbers
// here are below 2^56.
func appendVarint(b []byte, v uint64) []byte {
	n := 1
	for v>>(7*n) > 0 {
		n++
	}
	for i := n - 1; i > 0; i-- {
		b = append(b, byte(v>>(7*i))|0x80)
	}
	return append(b, byte(v)&0x7f)
}

// record writes a row: string, []byte, int64 from 0 on, or nil.
func record(values ...any) []byte {
	var head, body []byte
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			head = append(head, 0)
		case string:
			head = appendVarint(head, uint64(13+2*len(v)))
			body = append(body, v...)
		case []byte:
			head = appendVarint(head, uint64(12+2*len(v)))
			body = append(body, v...)
		case int64:
			head, body = integer(head, body, uint64(v))
		}
	}
	// The head's length counts itself; ours are far below 127 bytes.
	return append(append([]byte{byte(len(head) + 1)}, head...), body...)
}

func integer(head, body []byte, v uint64) ([]byte, []byte) {
	switch {
	case v <= 1:
		return append(head, 8+byte(v)), body
	case v < 1<<7:
		return append(head, 1), append(body, byte(v))
	case v < 1<<15:
		return append(head, 2), binary.BigEndian.AppendUint16(body, uint16(v))
	case v < 1<<23:
		return append(head, 3), append(body, byte(v>>16), byte(v>>8), byte(v))
	case v < 1<<31:
		return append(head, 4), binary.BigEndian.AppendUint32(body, uint32(v))
	}
	return append(head, 6), binary.BigEndian.AppendUint64(body, v)
}
