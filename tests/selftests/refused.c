// SPDX-License-Identifier: GPL-2.0
/* Ways around the records: each is refused, and the records go on. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#include "compare.h"
#include "sockmap.h"

#ifndef UDP_NO_CHECK6_TX
#define UDP_NO_CHECK6_TX 101
#define UDP_NO_CHECK6_RX 102
#endif

FIXTURE_COMPARE(refused)

/* Whatever was tried before: records still, both ways. */
static void see_works(struct __test_metadata *_metadata, struct run *run)
{
	SEE_AS(run_send(run, run->bed.fd, 1, 40, 0), "it sends");
	SEE_AS(run_send(run, run->bed.peer, 2, 50, 0), "its peer sends");
	SETTLE();
	see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
}

/* An outcome that differs, whatever plain UDP says of the value. */
static void see_refused(struct run *run, int err, int refused, const char *what)
{
	if (!run->keyed)
		tell(run, "%s: refused", what);
	else
		tell(run, "%s: %s", what,
		     err && errno == refused ? "refused" :
		     err                     ? strerrorname_np(errno) :
					       "taken");
}

static const int encapsulations[] = { UDP_ENCAP_ESPINUDP_NON_IKE,
				      UDP_ENCAP_ESPINUDP,
				      UDP_ENCAP_L2TPINUDP,
				      4,
				      5,
				      6,
				      7,
				      0,
				      -1,
				      1000 };

SCENARIO(refused, encapsulation)
{
	int fd = run->bed.fd;

	for (size_t i = 0; run->keyed && i < ARRAY_SIZE(encapsulations); i++) {
		EXPECT_ERRNO(EOPNOTSUPP, set_option(fd, SOL_UDP, UDP_ENCAP,
						    encapsulations[i]));
		EXPECT_ERRNO(EOPNOTSUPP,
			     set_option(fd, IPPROTO_UDPLITE, UDP_ENCAP,
					encapsulations[i]));
	}
	see_option(run, fd, SOL_UDP, UDP_ENCAP);
	see_works(_metadata, run);
}

/* It would give the socket UDP's own functions back. */
SCENARIO(refused, another_family)
{
	static const int families[] = { PF_INET, PF_INET6, 0 };
	int fd = run->bed.fd;

	for (size_t i = 0; run->keyed && i < ARRAY_SIZE(families); i++)
		EXPECT_ERRNO(EOPNOTSUPP, set_option(fd, SOL_IPV6, IPV6_ADDRFORM,
						    families[i]));
	see_option(run, fd, SOL_IPV6, IPV6_ADDRFORM);
	see_works(_metadata, run);
}

SCENARIO(refused, sending_without_a_copy)
{
	int fd = run->bed.fd, err;

	SEE(set_option(fd, SOL_SOCKET, SO_ZEROCOPY, 1));
	see_option(run, fd, SOL_SOCKET, SO_ZEROCOPY);
	err = run->keyed ? (int)run_send(run, fd, 1, 40, MSG_ZEROCOPY) : 0;
	see_refused(run, err, EOPNOTSUPP, "MSG_ZEROCOPY");
	/* No completion comes, for there was none to wait for. */
	see_recv(run, fd, 100, MSG_ERRQUEUE | MSG_DONTWAIT);
	see_works(_metadata, run);
}

/* Another owner of the socket, by any kind of map. */
static int map_of(uint32_t type)
{
	union bpf_attr attr = {
		.map_type = type,
		.key_size = 4,
		.value_size = type == BPF_MAP_TYPE_REUSEPORT_SOCKARRAY ? 8 : 4,
		.max_entries = 1,
	};

	return (int)bpf(BPF_MAP_CREATE, &attr);
}

static int map_add(int map, int fd)
{
	uint32_t key = 0;
	uint64_t value = (uint64_t)fd;
	union bpf_attr attr = {
		.map_fd = (uint32_t)map,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&value,
	};

	return (int)bpf(BPF_MAP_UPDATE_ELEM, &attr);
}

SCENARIO(refused, maps_of_sockets)
{
	static const struct {
		uint32_t type;
		const char *name;
		int err;
	} maps[] = {
		{ BPF_MAP_TYPE_SOCKMAP, "sockmap", EOPNOTSUPP },
		{ BPF_MAP_TYPE_SOCKHASH, "sockhash", EOPNOTSUPP },
	};

	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		int map = map_of(maps[i].type);
		int err = run->keyed ? map_add(map, run->bed.fd) : 0;

		ASSERT_LE(0, map);
		see_refused(run, err, maps[i].err, maps[i].name);
		see_works(_metadata, run);
		close(map);
	}
}

/* As an array for SO_REUSEPORT, which takes only what has that option. */
SCENARIO(refused, arrays_of_sockets)
{
	int map = map_of(BPF_MAP_TYPE_REUSEPORT_SOCKARRAY), fd[2];
	int err;

	ASSERT_LE(0, map);
	fd[0] = bed_socket(run->bed.family, SOCK_DGRAM, 0);
	fd[1] = bed_socket(run->bed.family, SOCK_DGRAM, 0);
	SEE(set_option(fd[0], SOL_SOCKET, SO_REUSEPORT, 1));
	ASSERT_EQ(0, bed_bind(fd[0], run->bed.family));
	ASSERT_EQ(0, bed_bind(fd[1], run->bed.family));
	ASSERT_EQ(0, bed_connect(fd[0], fd[1]));
	ASSERT_EQ(0, bed_connect(fd[1], fd[0]));
	ASSERT_EQ(0, run_attach(run, fd[0], 0, 1));
	ASSERT_EQ(0, run_attach(run, fd[1], 1, 1));
	err = run->keyed ? map_add(map, fd[0]) : 0;
	see_refused(run, err, EBUSY, "sockarray");
	SEE(run_send(run, fd[0], 1, 40, 0));
	SEE(run_send(run, fd[1], 2, 40, 0));
	SETTLE();
	see_recv(run, fd[0], 100, MSG_DONTWAIT);
	see_recv(run, fd[1], 100, MSG_DONTWAIT);
}

/* And the reverse: who is in the array can't be attached. */
SCENARIO(refused, attach_of_an_owned_socket)
{
	int map = map_of(BPF_MAP_TYPE_REUSEPORT_SOCKARRAY);
	int fd = bed_socket(run->bed.family, SOCK_DGRAM, 0);

	ASSERT_LE(0, map);
	SEE(set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1));
	ASSERT_EQ(0, bed_bind(fd, run->bed.family));
	ASSERT_EQ(0, bed_connect(fd, run->bed.peer));
	SEE(map_add(map, fd));
	if (run->keyed)
		EXPECT_ERRNO(EBUSY, dtls_attach(fd));
	see_works(_metadata, run);
}

/* What has nothing to do with records is taken as ever. */
SCENARIO(refused, nothing_else)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{ SOL_UDP, UDP_NO_CHECK6_TX, 1 },
		{ SOL_UDP, UDP_NO_CHECK6_RX, 1 },
		{ SOL_SOCKET, SO_NO_CHECK, 1 },
		{ SOL_SOCKET, SO_PRIORITY, 3 },
		{ SOL_SOCKET, SO_BUSY_POLL, 10 },
		{ SOL_SOCKET, SO_INCOMING_CPU, 0 },
		{ SOL_SOCKET, SO_REUSEADDR, 1 },
		{ SOL_SOCKET, SO_BROADCAST, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ SOL_SOCKET, SO_DEBUG, 1 },
		{ SOL_TCP, TCP_NODELAY, 1 },
		{ SOL_UDP, 99, 1 },
		{ 99, 99, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		SEE_AS(set_option(run->bed.fd, options[i].level,
				  options[i].name, options[i].value),
		       "%d/%d", options[i].level, options[i].name);
		see_option(run, run->bed.fd, options[i].level, options[i].name);
		see_works(_metadata, run);
	}
}

TEST_HARNESS_MAIN
