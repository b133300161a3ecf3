package cluster

import "testing"

func TestSettings(t *testing.T) {
	value := func(m Machine, name string) string {
		v := ""
		for _, s := range settings(m) {
			if s.name == name {
				v = s.value
			}
		}
		return v
	}
	for _, tt := range []struct {
		rule    string
		machine Machine
		name    string
		want    string
	}{
		{"a fifth of the memory", Machine{MemoryMB: 10_000, Cores: 2, DiskMB: 50_000, ShmMB: 5000}, "shared_buffers", "2000MB"},
		{"never more than 16 GB", Machine{MemoryMB: 512 << 10, Cores: 64, DiskMB: 1 << 20, ShmMB: 5000}, "shared_buffers", "16384MB"},
		{"a small machine starts too", Machine{MemoryMB: 256, Cores: 1, DiskMB: 500, ShmMB: 5000}, "shared_buffers", "64MB"},
		{"the log leaves the disk room", Machine{MemoryMB: 8192, Cores: 2, DiskMB: 10_000, ShmMB: 5000}, "max_wal_size", "1000MB"},
		{"one core runs in parallel with itself", Machine{MemoryMB: 8192, Cores: 1, DiskMB: 1, ShmMB: 5000}, "max_parallel_workers_per_gather", "1"},
		{"a container's small /dev/shm is not used", Machine{MemoryMB: 8192, Cores: 2, DiskMB: 1, ShmMB: 64}, "dynamic_shared_memory_type", "mmap"},
		{"else the default stands", Machine{MemoryMB: 8192, Cores: 2, DiskMB: 1, ShmMB: 4096}, "dynamic_shared_memory_type", ""},
	} {
		t.Run(tt.rule, func(t *testing.T) {
			if got := value(tt.machine, tt.name); got != tt.want {
				t.Errorf("%s = %q, want %q", tt.name, got, tt.want)
			}
		})
	}
}
