// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's data channel for OpenVPN: a device, a peer that's reached by a
 * UDP socket, and its keys, by generic netlink. There are no headers for it
 * where older kernels are.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "ovpn.h"

#define PORT 1194

enum { /* commands */
	PEER_NEW = 1,
	KEY_NEW = 6,
};

enum { /* attributes of a command */
	IFINDEX = 1,
	PEER = 2,
	KEYCONF = 3,
};

enum { /* of a peer */
	PEER_ID = 1,
	PEER_REMOTE_IPV4 = 2,
	PEER_REMOTE_PORT = 5,
	PEER_SOCKET = 6,
};

enum { /* of a key's configuration, and of each direction's key */
	KEYCONF_PEER_ID = 1,
	KEYCONF_SLOT = 2,
	KEYCONF_KEY_ID = 3,
	KEYCONF_CIPHER = 4,
	KEYCONF_ENCRYPT = 5,
	KEYCONF_DECRYPT = 6,
	KEYDIR_KEY = 1,
	KEYDIR_NONCE_TAIL = 2,
};

#define CIPHER_AES_GCM 1
#define NONCE_TAIL_LEN 8
#define KEY_LEN        16

struct message {
	struct nlmsghdr header;
	struct genlmsghdr command;
	char rest[2048];
};

static void begin(struct message *message, int family, int command)
{
	memset(message, 0, sizeof(*message));
	message->header.nlmsg_type = (uint16_t)family;
	message->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	message->header.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	message->command.cmd = (uint8_t)command;
	message->command.version = 1;
}

static struct nlattr *add(struct message *message, int type, const void *value,
			  size_t len)
{
	uint32_t at = NLMSG_ALIGN(message->header.nlmsg_len);
	struct nlattr *attr = (struct nlattr *)((char *)message + at);

	attr->nla_type = (uint16_t)type;
	attr->nla_len = (uint16_t)(NLA_HDRLEN + len);
	if (len)
		memcpy((char *)attr + NLA_HDRLEN, value, len);
	message->header.nlmsg_len = at + NLA_ALIGN(attr->nla_len);
	return attr;
}

static void add_word(struct message *message, int type, uint32_t value)
{
	add(message, type, &value, sizeof(value));
}

static struct nlattr *nest(struct message *message, int type)
{
	return add(message, type | NLA_F_NESTED, NULL, 0);
}

/* All that was added since is within it. */
static void nest_end(struct message *message, struct nlattr *attr)
{
	char *end = (char *)message + message->header.nlmsg_len;

	attr->nla_len = (uint16_t)(end - (char *)attr);
}

/* In the namespace that we're in. Return: -1 with the kernel's errno. */
static int ask(const struct message *message, struct message *answer)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	const struct nlmsgerr *error;
	ssize_t n;

	n = send(fd, message, message->header.nlmsg_len, 0);
	if (n >= 0)
		n = recv(fd, answer, sizeof(*answer), 0);
	close(fd);
	if (n < 0)
		return -1;
	if (answer->header.nlmsg_type != NLMSG_ERROR)
		return 0;
	error = NLMSG_DATA(&answer->header);
	errno = -error->error;
	return errno ? -1 : 0;
}

/* Return: the family's number; -1 if there is none. */
static int find_family(void)
{
	struct message message, answer;
	const char *end;

	begin(&message, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	add(&message, CTRL_ATTR_FAMILY_NAME, "ovpn", sizeof("ovpn"));
	if (ask(&message, &answer))
		return -1;
	end = (const char *)&answer + answer.header.nlmsg_len;
	for (const char *at = answer.rest; at < end;) {
		const struct nlattr *attr = (const struct nlattr *)at;
		uint16_t id;

		memcpy(&id, at + NLA_HDRLEN, sizeof(id));
		if (attr->nla_type == CTRL_ATTR_FAMILY_ID)
			return id;
		at += NLA_ALIGN(attr->nla_len);
	}
	errno = ENOENT;
	return -1;
}

static int add_peer(int family, int fd, int there)
{
	struct message message, answer;
	struct sockaddr_storage addr;
	struct sockaddr_in *in = (struct sockaddr_in *)&addr;
	struct nlattr *peer;

	link_address(BED_IPV4, there, PORT, &addr);
	begin(&message, family, PEER_NEW);
	add_word(&message, IFINDEX, if_nametoindex("tunnel"));
	peer = nest(&message, PEER);
	add_word(&message, PEER_ID, 1);
	add(&message, PEER_REMOTE_IPV4, &in->sin_addr, 4);
	add(&message, PEER_REMOTE_PORT, &in->sin_port, 2);
	add_word(&message, PEER_SOCKET, (uint32_t)fd);
	nest_end(&message, peer);
	return ask(&message, &answer);
}

static void add_direction(struct message *message, int type)
{
	static const uint8_t key[KEY_LEN] = { 1 }, tail[NONCE_TAIL_LEN] = { 2 };
	struct nlattr *direction = nest(message, type);

	add(message, KEYDIR_KEY, key, sizeof(key));
	add(message, KEYDIR_NONCE_TAIL, tail, sizeof(tail));
	nest_end(message, direction);
}

static int add_key(int family)
{
	struct message message, answer;
	struct nlattr *keyconf;

	begin(&message, family, KEY_NEW);
	add_word(&message, IFINDEX, if_nametoindex("tunnel"));
	keyconf = nest(&message, KEYCONF);
	add_word(&message, KEYCONF_PEER_ID, 1);
	add_word(&message, KEYCONF_SLOT, 0);
	add_word(&message, KEYCONF_KEY_ID, 0);
	add_word(&message, KEYCONF_CIPHER, CIPHER_AES_GCM);
	add_direction(&message, KEYCONF_ENCRYPT);
	add_direction(&message, KEYCONF_DECRYPT);
	nest_end(&message, keyconf);
	return ask(&message, &answer);
}

/*
 * ovpn_connect() - give the device "tunnel" of this namespace its peer
 * @here, @there: which end it is, and the other one
 *
 * Return: the socket that reaches the peer, to be kept as long as the device;
 * -1 with errno.
 */
int ovpn_connect(int here, int there)
{
	int fd = bed_socket(BED_IPV4, SOCK_DGRAM, 0), family = find_family();
	struct sockaddr_storage addr;
	socklen_t len = link_address(BED_IPV4, here, PORT, &addr);

	if (fd >= 0 && family >= 0 &&
	    !bind(fd, (struct sockaddr *)&addr, len) &&
	    !add_peer(family, fd, there) && !add_key(family))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}
