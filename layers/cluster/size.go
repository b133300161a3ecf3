package cluster

import (
	"bufio"
	"bytes"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// A Machine is what the server may use.
type Machine struct {
	MemoryMB int64
	Cores    int
	DiskMB   int64 // free where the data folder is
	ShmMB    int64 // size of /dev/shm; small in many containers
}

// machine looks at the machine, or at the container that we are in.
func machine(dir string) Machine {
	m := Machine{MemoryMB: memoryMB(), Cores: runtime.GOMAXPROCS(0)}
	var fs syscall.Statfs_t
	if syscall.Statfs(dir, &fs) == nil {
		m.DiskMB = int64(fs.Bavail) * fs.Bsize >> 20
	}
	if syscall.Statfs("/dev/shm", &fs) == nil {
		m.ShmMB = int64(fs.Blocks) * fs.Bsize >> 20
	}
	return m
}

// MemoryBytes is how much memory the machine has, or the container that we are in.
func MemoryBytes() int64 { return memoryMB() << 20 }

// memoryMB is the machine's memory or the cgroup's limit, whichever is less.
func memoryMB() int64 {
	least := int64(math.MaxInt64)
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
			if rest, ok := strings.CutPrefix(s.Text(), "MemTotal:"); ok {
				if kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64); err == nil {
					least = kb << 10
				}
			}
		}
	}
	for _, limit := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		if b, err := os.ReadFile(limit); err == nil {
			if n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64); err == nil && n > 0 {
				least = min(least, n)
			}
		}
	}
	if least == math.MaxInt64 {
		return 2048
	}
	return least >> 20
}

// A setting is one line of the configuration, and why it is so.
type setting struct{ name, value, why string }

// settings sizes the server to the machine. It takes a fifth of the memory for
// shared buffers and assumes half for the kernel's cache: the rest is for
// onemap, which keeps the drawn layers in memory itself.
func settings(m Machine) []setting {
	mb := func(n, least, most int64) string { return strconv.FormatInt(min(max(n, least), most), 10) + "MB" }
	num := func(n, least int) string { return strconv.Itoa(max(n, least)) }
	s := []setting{
		{"shared_buffers", mb(m.MemoryMB/5, 64, 16<<10), ""},
		{"effective_cache_size", mb(m.MemoryMB/2, 128, 256<<10), ""},
		{"maintenance_work_mem", mb(m.MemoryMB/16, 32, 2<<10), "index builds of imports"},
		{"work_mem", mb(m.MemoryMB/256, 4, 128), "of each sort of each query"},
		{"max_wal_size", mb(m.DiskMB/10, 256, 8<<10), "an import of millions of rows without a checkpoint every minute"},
		{"max_slot_wal_keep_size", mb(m.DiskMB/5, 1024, 64<<10), "log kept for backups that do not come; after that the next is whole"},
		{"max_connections", "100", ""},
		{"max_worker_processes", num(m.Cores+8, 10), ""},
		{"max_parallel_workers", num(m.Cores, 2), ""},
		{"max_parallel_workers_per_gather", num(m.Cores/2, 1), ""},
		{"max_parallel_maintenance_workers", num(m.Cores/2, 1), ""},
		{"checkpoint_timeout", "15min", ""},
		{"random_page_cost", "1.1", "solid-state disks"},
		{"effective_io_concurrency", "100", ""},
		{"jit", "off", "PostGIS's costs make it compile queries of milliseconds"},
	}
	if m.ShmMB < 512 {
		s = append(s, setting{"dynamic_shared_memory_type", "mmap", "/dev/shm is too small for parallel queries"})
	}
	return s
}
