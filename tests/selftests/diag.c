// SPDX-License-Identifier: GPL-2.0
/*
 * Generic netlink: who sees which sockets, what is told of them; and the list of
 * ciphers.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "check.h"
#include "link.h"
#include "netlink.h"

#define NOBODY 65534
/* So many that they don't fit into one message of the kernel's. */
#define MANY 200

FIXTURE(diag)
{
	struct bed bed;
	struct netlink netlink;
};

FIXTURE_VARIANT(diag)
{
	enum bed_family family;
	uint16_t cipher;
};

BED_VARIANT(diag, ipv4, BED_IPV4, TLS_CIPHER_AES_GCM_128)
BED_VARIANT(diag, ipv6, BED_IPV6, TLS_CIPHER_CHACHA20_POLY1305)
BED_VARIANT(diag, mapped, BED_MAPPED, DTLS_CIPHER_AES_CCM_256)

FIXTURE_SETUP(diag)
{
	BED_SETUP();
	ASSERT_EQ(0, netlink_open(&self->netlink));
}

FIXTURE_TEARDOWN(diag)
{
}

/* What one message said. */
struct seen {
	unsigned int n;
	uint64_t cookie;
	uint32_t inode, uid, device;
	uint16_t family, local_port, peer_port;
	uint8_t local[16], peer[16];
	struct dtls_info info;
	struct dtls_stats stats;
	struct dtls_state tx, rx[DTLS_RX_EPOCHS_MAX];
	int n_tx, n_rx;
};

static void copy(const struct netlink_attrs *attrs, int type, void *to,
		 size_t len)
{
	const void *data = netlink_data(attrs, type, len);

	if (data)
		memcpy(to, data, len);
}

static void see(const struct netlink_attrs *attrs, void *data)
{
	struct seen *seen = data;
	unsigned int n = seen->n;
	size_t len;

	memset(seen, 0, sizeof(*seen));
	seen->n = n + 1;
	seen->cookie = netlink_u64(attrs, DTLS_A_SOCKET_COOKIE);
	seen->inode = netlink_u32(attrs, DTLS_A_SOCKET_INODE);
	seen->uid = netlink_u32(attrs, DTLS_A_SOCKET_UID);
	seen->device = netlink_u32(attrs, DTLS_A_SOCKET_DEVICE);
	seen->family = netlink_u16(attrs, DTLS_A_SOCKET_FAMILY);
	seen->local_port = netlink_u16(attrs, DTLS_A_SOCKET_LOCAL_PORT);
	seen->peer_port = netlink_u16(attrs, DTLS_A_SOCKET_PEER_PORT);
	len = seen->family == AF_INET ? 4 : 16;
	copy(attrs, DTLS_A_SOCKET_LOCAL_ADDR, seen->local, len);
	copy(attrs, DTLS_A_SOCKET_PEER_ADDR, seen->peer, len);
	copy(attrs, DTLS_A_SOCKET_INFO, &seen->info, sizeof(seen->info));
	copy(attrs, DTLS_A_SOCKET_STATS, &seen->stats, sizeof(seen->stats));
	seen->n_tx = netlink_states(attrs, DTLS_A_SOCKET_TX, &seen->tx, 1);
	seen->n_rx = netlink_states(attrs, DTLS_A_SOCKET_RX, seen->rx,
				    DTLS_RX_EPOCHS_MAX);
}

/* The one socket that's attached, or how many there are. */
static struct seen look(struct netlink *netlink, const uint64_t *cookie)
{
	struct seen seen = {};

	if (netlink_dump(netlink, DTLS_CMD_SOCKET_GET, cookie, see, &seen))
		seen.n = -1U;
	return seen;
}

static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len);
	return cookie;
}

static int key_both(const struct bed *bed, uint16_t epoch, uint64_t seq)
{
	return dtls_key(bed->fd, TLS_TX, &bed->tx, epoch, seq) ||
	       dtls_key(bed->fd, TLS_RX, &bed->rx, epoch, seq);
}

/* What getsockname() or getpeername() says, as the attributes have it. */
static void expect_address(struct __test_metadata *_metadata,
			   const struct sockaddr_storage *addr, uint16_t port,
			   const uint8_t *bytes)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;
	const struct sockaddr_in *in = (const struct sockaddr_in *)addr;

	EXPECT_EQ(in->sin_port, port);
	EXPECT_EQ(0, addr->ss_family == AF_INET ?
			     memcmp(&in->sin_addr, bytes, 4) :
			     memcmp(&in6->sin6_addr, bytes, 16));
}

TEST_F(diag, socket_is_told_of)
{
	struct seen seen = look(&self->netlink, NULL);
	struct sockaddr_storage local, peer;
	socklen_t len = sizeof(local);
	struct stat file;

	ASSERT_EQ(1, seen.n);
	EXPECT_EQ(cookie_of(self->bed.fd), seen.cookie);
	ASSERT_EQ(0, fstat(self->bed.fd, &file));
	EXPECT_EQ(file.st_ino, seen.inode);
	EXPECT_EQ(0, seen.uid);
	EXPECT_EQ(0, seen.device);
	ASSERT_EQ(0, getsockname(self->bed.fd, (void *)&local, &len));
	ASSERT_EQ(0, getpeername(self->bed.fd, (void *)&peer, &len));
	EXPECT_EQ(local.ss_family, seen.family);
	expect_address(_metadata, &local, seen.local_port, seen.local);
	expect_address(_metadata, &peer, seen.peer_port, seen.peer);
	EXPECT_EQ(0, seen.info.version);
	EXPECT_EQ(0, seen.n_tx);
	EXPECT_EQ(0, seen.n_rx);
}

TEST_F(diag, device_that_it_is_bound_to)
{
	ASSERT_EQ(0, setsockopt(self->bed.fd, SOL_SOCKET, SO_BINDTODEVICE, "lo",
				2));
	EXPECT_EQ(1, look(&self->netlink, NULL).device);
}

TEST_F(diag, keys_are_told_of_as_options_do)
{
	struct dtls_state tx = {}, rx = {};
	struct dtls_info info;
	struct seen seen;

	ASSERT_EQ(0, key_both(&self->bed, 1, 7));
	ASSERT_EQ(0, key_both(&self->bed, 3, 9));
	ASSERT_EQ(4, send(self->bed.fd, "text", 4, 0));
	ASSERT_EQ(0, dtls_info(self->bed.fd, &info));
	ASSERT_EQ(0, dtls_state(self->bed.fd, TLS_TX, 3, 0, &tx));
	ASSERT_EQ(0, dtls_state(self->bed.fd, TLS_RX, 1, 0, &rx));

	seen = look(&self->netlink, NULL);
	ASSERT_EQ(1, seen.n);
	EXPECT_EQ(0, memcmp(&info, &seen.info, sizeof(info)));
	EXPECT_EQ(1, seen.stats.tx_records);
	ASSERT_EQ(1, seen.n_tx);
	EXPECT_EQ(0, memcmp(&tx, &seen.tx, offsetof(struct dtls_state, bitmap)));
	EXPECT_EQ(10, seen.tx.next);
	ASSERT_EQ(2, seen.n_rx);
	EXPECT_EQ(3, seen.rx[0].epoch);
	EXPECT_EQ(0, memcmp(&rx, &seen.rx[1],
			    offsetof(struct dtls_state, bitmap)));
}

static void see_secret(const struct netlink_attrs *attrs, void *data)
{
	const struct secret **secrets = data;

	for (int i = 0; i < 2; i++)
		if (memmem(attrs->begin, attrs->end - attrs->begin,
			   secrets[i]->key, 8) ||
		    memmem(attrs->begin, attrs->end - attrs->begin,
			   secrets[i]->iv, 4))
			errno = EKEYREJECTED;
}

TEST_F(diag, no_key_is_told)
{
	const struct secret *secrets[] = { &self->bed.tx, &self->bed.rx };

	ASSERT_EQ(0, key_both(&self->bed, 1, 7));
	errno = 0;
	EXPECT_EQ(0, netlink_dump(&self->netlink, DTLS_CMD_SOCKET_GET, NULL,
				  see_secret, secrets));
	EXPECT_EQ(0, errno);
}

TEST_F(diag, cookie_picks_one)
{
	uint64_t cookie, none = 0;
	int fd[2];

	ASSERT_EQ(0, bed_pair(variant->family, fd));
	ASSERT_EQ(0, dtls_attach(fd[0]));
	EXPECT_EQ(2, look(&self->netlink, NULL).n);
	cookie = cookie_of(fd[0]);
	EXPECT_EQ(1, look(&self->netlink, &cookie).n);
	EXPECT_EQ(cookie, look(&self->netlink, &cookie).cookie);
	EXPECT_EQ(0, look(&self->netlink, &none).n);
}

TEST_F(diag, closed_and_plain_sockets_are_not_there)
{
	struct seen seen;
	int fd[2];

	ASSERT_EQ(0, dtls_close(self->bed.fd));
	EXPECT_EQ(0, look(&self->netlink, NULL).n);
	ASSERT_EQ(0, bed_pair(variant->family, fd));
	EXPECT_EQ(0, look(&self->netlink, NULL).n);
	/* An attach that fails leaves nothing. */
	ASSERT_EQ(0, dtls_attach(fd[0]));
	EXPECT_ERRNO(EEXIST, dtls_attach(fd[0]));
	EXPECT_EQ(1, look(&self->netlink, NULL).n);
	/* A detached one is one of ours still, without keys. */
	ASSERT_EQ(0, dtls_detach(fd[0], DTLS_DETACH_PLAINTEXT));
	seen = look(&self->netlink, NULL);
	EXPECT_EQ(1, seen.n);
	EXPECT_EQ(0, seen.n_tx + seen.n_rx);
}

static void collect(const struct netlink_attrs *attrs, void *data)
{
	uint64_t **next = data;

	*(*next)++ = netlink_u64(attrs, DTLS_A_SOCKET_COOKIE);
}

static int attach_many(enum bed_family family, int fd[MANY])
{
	for (int i = 0; i < MANY; i++) {
		int pair[2];

		if (bed_pair(family, pair) || dtls_attach(pair[0]))
			return -1;
		close(pair[1]);
		fd[i] = pair[0];
	}
	return 0;
}

/* Each of many comes once, in the order of their attach. */
TEST_F(diag, many_sockets_once_each)
{
	uint64_t cookies[MANY + 1] = {}, *next = cookies;
	int fd[MANY + 1] = { self->bed.fd };

	ASSERT_EQ(0, attach_many(variant->family, fd + 1));
	ASSERT_EQ(0, netlink_dump(&self->netlink, DTLS_CMD_SOCKET_GET, NULL,
				  collect, &next));
	ASSERT_EQ(MANY + 1, next - cookies);
	for (int i = 0; i <= MANY; i++)
		EXPECT_EQ(cookie_of(fd[i]), cookies[i]);
}

/* What is closed before its message was made isn't told. */
TEST_F(diag, sockets_close_between_messages)
{
	uint64_t cookies[MANY + 1] = {}, *next = cookies;
	int fd[MANY];

	ASSERT_EQ(0, attach_many(variant->family, fd));
	ASSERT_EQ(0, netlink_ask(&self->netlink, DTLS_CMD_SOCKET_GET));
	for (int i = 0; i < MANY; i++)
		ASSERT_EQ(0, dtls_close(fd[i]));
	ASSERT_EQ(0, netlink_answer(&self->netlink, collect, &next));
	EXPECT_LT(0, next - cookies);
	EXPECT_GT(MANY, next - cookies);
}

/* How many sockets a child with another user sees; that user has one, too. */
static int as_nobody(enum bed_family family, bool keeps_capabilities)
{
	struct netlink netlink;
	int fd[2], status;
	pid_t child = fork();

	if (child) {
		waitpid(child, &status, 0);
		return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	}
	prctl(PR_SET_KEEPCAPS, keeps_capabilities);
	if (setresuid(NOBODY, NOBODY, NOBODY) || bed_pair(family, fd) ||
	    dtls_attach(fd[0]) || netlink_open(&netlink))
		_exit(100);
	_exit((int)look(&netlink, NULL).n);
}

TEST_F(diag, owner_sees_its_own)
{
	EXPECT_EQ(1, as_nobody(variant->family, false));
	/* Permitted, but not effective: that is no capability. */
	EXPECT_EQ(1, as_nobody(variant->family, true));
	EXPECT_EQ(1, look(&self->netlink, NULL).n);
}

/*
 * How many sockets a child sees that has all capabilities over a user namespace
 * of its own, and over a network namespace of its own where root has a socket,
 * too; or over the network namespace of the test, not.
 */
static int as_own_root(enum bed_family family, bool has_network)
{
	int ready[2], done[2], own = open("/proc/self/ns/net", O_RDONLY);
	int fd[2], status = -1;
	struct netlink netlink;
	char path[64], byte;
	pid_t child;

	if (pipe(ready) || pipe(done))
		return -1;
	child = fork();
	if (!child) {
		if (setresuid(NOBODY, NOBODY, NOBODY) ||
		    unshare(CLONE_NEWUSER | (has_network ? CLONE_NEWNET : 0)) ||
		    netlink_open(&netlink) || write(ready[1], "", 1) != 1 ||
		    read(done[0], &byte, 1) != 1)
			_exit(100);
		_exit((int)look(&netlink, NULL).n);
	}
	close(ready[1]);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", child);
	if (read(ready[0], &byte, 1) == 1 &&
	    !setns(open(path, O_RDONLY), CLONE_NEWNET) && !bed_loopback_up() &&
	    !bed_pair(family, fd) && !dtls_attach(fd[0]) &&
	    !setns(own, CLONE_NEWNET) && write(done[1], "", 1) == 1)
		waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(diag, capability_over_the_namespace_counts)
{
	EXPECT_EQ(1, as_own_root(variant->family, true));
	EXPECT_EQ(0, as_own_root(variant->family, false));
}

/* What a privileged program sends on an unprivileged one's netlink socket. */
TEST_F(diag, who_opened_the_netlink_socket_counts)
{
	struct netlink netlink;

	ASSERT_EQ(0, seteuid(NOBODY));
	ASSERT_EQ(0, netlink_open(&netlink));
	ASSERT_EQ(0, seteuid(0));
	EXPECT_EQ(0, look(&netlink, NULL).n);
	EXPECT_EQ(1, look(&self->netlink, NULL).n);
}

TEST_F(diag, namespaces_see_their_own)
{
	struct netlink other;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, netlink_open(&other));
	EXPECT_EQ(0, look(&other, NULL).n);
	EXPECT_EQ(1, look(&self->netlink, NULL).n);
}

/* Each has a driver that the kernel knows. */
TEST_F(diag, ciphers_have_a_driver)
{
	char name[32], algorithm[64], driver[128], line[512];
	int type, error, n = 0;
	FILE *file = fopen("/proc/thread-self/net/dtls_ciphers", "r");

	ASSERT_NE(NULL, file);
	ASSERT_NE(NULL, fgets(line, sizeof(line), file));
	EXPECT_EQ(0, strcmp(line, "cipher             type algorithm driver "
				  "errno\n"));
	for (; fgets(line, sizeof(line), file); n++) {
		ASSERT_EQ(5, sscanf(line, "%31s %d %63s %127s %d", name, &type,
				    algorithm, driver, &error));
		EXPECT_EQ(0, error);
		EXPECT_EQ(0, link_command("grep -qxF 'driver       : %s' "
					  "/proc/crypto",
					  driver));
	}
	EXPECT_EQ(7, n);
	fclose(file);
}

TEST_F(diag, bad_requests_are_refused)
{
	struct nlattr empty = { NLA_HDRLEN, DTLS_A_SOCKET_COOKIE };
	struct nlattr unknown = { NLA_HDRLEN, DTLS_A_SOCKET_RX };

	/* Dumps only. */
	EXPECT_ERRNO(EOPNOTSUPP,
		     netlink_request(&self->netlink, DTLS_CMD_SOCKET_GET, 0,
				     NULL, 0));
	EXPECT_ERRNO(EOPNOTSUPP,
		     netlink_request(&self->netlink, 99, NLM_F_DUMP, NULL, 0));
	EXPECT_ERRNO(EINVAL,
		     netlink_request(&self->netlink, DTLS_CMD_SOCKET_GET,
				     NLM_F_DUMP, &empty, sizeof(empty)));
	EXPECT_ERRNO(EINVAL,
		     netlink_request(&self->netlink, DTLS_CMD_SOCKET_GET,
				     NLM_F_DUMP, &unknown, sizeof(unknown)));
	/* Without a meaning yet. */
	EXPECT_ERRNO(EINVAL, netlink_request(&self->netlink, DTLS_CMD_SOCKET_GET,
					     NLM_F_DUMP | 0x800, NULL, 0));
	self->netlink.reserved = 1;
	EXPECT_ERRNO(EINVAL, netlink_request(&self->netlink, DTLS_CMD_SOCKET_GET,
					     NLM_F_DUMP, NULL, 0));
	self->netlink.reserved = 0;
	EXPECT_EQ(1, look(&self->netlink, NULL).n);
}

/* Sockets come, are given keys and go while others look. */
TEST_F(diag, sockets_come_and_go_under_it)
{
	pid_t child = fork();
	int status;

	if (!child) {
		for (int i = 0; i < 100; i++) {
			struct bed bed = self->bed;
			int fd[2];

			if (bed_pair(variant->family, fd) || dtls_attach(fd[0]))
				_exit(1);
			bed.fd = fd[0];
			if (key_both(&bed, 1, 0) || close(fd[0]) || close(fd[1]))
				_exit(1);
		}
		_exit(0);
	}
	while (!waitpid(child, &status, WNOHANG))
		ASSERT_LE(1, (int)look(&self->netlink, NULL).n);
	EXPECT_EQ(0, status);
	EXPECT_EQ(1, look(&self->netlink, NULL).n);
}

TEST_HARNESS_MAIN
