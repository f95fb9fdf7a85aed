/* SPDX-License-Identifier: GPL-2.0 */
/* A sockmap: another one who takes over sockets. */
#ifndef SELFTESTS_SOCKMAP_H
#define SELFTESTS_SOCKMAP_H

#include <stdint.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <sys/syscall.h>

static inline long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static inline int sockmap(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_SOCKMAP,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1,
	};

	return (int)bpf(BPF_MAP_CREATE, &attr);
}

static inline int sockmap_add(int map, int fd)
{
	uint32_t key = 0, value = (uint32_t)fd;
	union bpf_attr attr = {
		.map_fd = (uint32_t)map,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&value,
	};

	return (int)bpf(BPF_MAP_UPDATE_ELEM, &attr);
}

#endif /* SELFTESTS_SOCKMAP_H */
