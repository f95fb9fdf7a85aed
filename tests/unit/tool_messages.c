// SPDX-License-Identifier: GPL-2.0
/* What kdtls reads from netlink: attributes by hand, cut, and by chance; and the
 * JSON that it writes.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netlink.h>

#include "json.h"
#include "message.h"
#include "unit.h"

#define ROUNDS 100000
#define ROOM   4096

static uint8_t built[ROOM];
static size_t built_len;

static void put(uint16_t type, const void *value, size_t len)
{
	struct nlattr head = { .nla_len = NLA_HDRLEN + len, .nla_type = type };

	memcpy(built + built_len, &head, sizeof(head));
	memset(built + built_len + NLA_HDRLEN, 0, NLA_ALIGN(len));
	memcpy(built + built_len + NLA_HDRLEN, value, len);
	built_len += NLA_HDRLEN + NLA_ALIGN(len);
}

static void put_key(uint16_t type, uint16_t epoch, uint64_t next)
{
	struct dtls_state state = {
		.epoch = epoch,
		.window_bits = 1024,
		.next = next,
		.failures = 7,
	};

	put(type, &state, offsetof(struct dtls_state, bitmap));
}

static void build_socket(void)
{
	static const uint8_t local[] = { 192, 0, 2, 1 };
	static const uint8_t peer[] = { 192, 0, 2, 2 };
	static const uint8_t port[] = { 0x11, 0x51 };
	struct dtls_info info = { .tx_cipher = TLS_CIPHER_AES_GCM_256 };
	struct dtls_stats stats = { .rx_replayed = 3, .rx_wrong_mark = 4 };
	uint64_t cookie = 0x1234567890;
	uint32_t inode = 4711, uid = 1000;
	uint16_t family = AF_INET;

	built_len = 0;
	put(DTLS_A_SOCKET_COOKIE, &cookie, sizeof(cookie));
	put(DTLS_A_SOCKET_INODE, &inode, sizeof(inode));
	put(DTLS_A_SOCKET_UID, &uid, sizeof(uid));
	put(DTLS_A_SOCKET_FAMILY, &family, sizeof(family));
	put(DTLS_A_SOCKET_LOCAL_ADDR, local, sizeof(local));
	put(DTLS_A_SOCKET_PEER_ADDR, peer, sizeof(peer));
	put(DTLS_A_SOCKET_LOCAL_PORT, port, sizeof(port));
	put(DTLS_A_SOCKET_PEER_PORT, port, sizeof(port));
	put(DTLS_A_SOCKET_INFO, &info, sizeof(info));
	put(DTLS_A_SOCKET_STATS, &stats, sizeof(stats));
	put_key(DTLS_A_SOCKET_TX, 2, 100);
	put_key(DTLS_A_SOCKET_RX, 2, 50);
	put_key(DTLS_A_SOCKET_RX, 1, 9000);
}

/* From memory of just that size */
static int parse(struct diag_socket *s, const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len);
	int err;

	memcpy(copy, bytes, len);
	err = message_socket(s, copy, len);
	free(copy);
	return err;
}

static void socket_is_read(void)
{
	struct diag_socket s;

	build_socket();
	CHECK(!parse(&s, built, built_len));
	CHECK(s.cookie == 0x1234567890 && s.inode == 4711 && s.uid == 1000);
	CHECK(s.family == AF_INET && s.device == 0);
	CHECK(s.local.bytes[3] == 1 && s.local.port == 4433);
	CHECK(s.peer.bytes[3] == 2 && s.peer.port == 4433);
	CHECK(s.info.tx_cipher == TLS_CIPHER_AES_GCM_256);
	CHECK(s.stats.rx_replayed == 3 && s.stats.rx_wrong_mark == 4);
	CHECK(s.has_tx && s.tx.epoch == 2 && s.tx.next == 100);
	CHECK(s.rx_count == 2 && s.rx[0].epoch == 2 && s.rx[1].epoch == 1);
	CHECK(s.rx[1].next == 9000 && s.rx[1].window_bits == 1024 &&
	      s.rx[1].failures == 7);
}

static void socket_without_keys_has_none(void)
{
	uint64_t cookie = 1;
	struct diag_socket s;

	built_len = 0;
	put(DTLS_A_SOCKET_COOKIE, &cookie, sizeof(cookie));
	CHECK(!parse(&s, built, built_len));
	CHECK(s.cookie == 1 && !s.has_tx && !s.rx_count && !s.info.tx_cipher);
}

/* Whichever kernel is older, or newer, than this tool */
static void structures_of_other_lengths_are_read(void)
{
	uint8_t stats[sizeof(struct dtls_stats) + 64];
	struct diag_socket s;

	memset(stats, 1, sizeof(stats));
	built_len = 0;
	put(DTLS_A_SOCKET_STATS, stats, sizeof(stats));
	CHECK(!parse(&s, built, built_len));
	CHECK(s.stats.rx_wrong_mark == 0x0101010101010101 && !s.has_tx);
	built_len = 0;
	put(DTLS_A_SOCKET_STATS, stats, 80);
	CHECK(!parse(&s, built, built_len));
	CHECK(s.stats.tx_error == 0x0101010101010101 && !s.stats.rx_wrong_cid);
}

static void what_is_unknown_or_too_many_is_passed_over(void)
{
	struct diag_socket s;
	int i;

	build_socket();
	put(DTLS_A_SOCKET_MAX + 1, "news", 4);
	put(DTLS_A_SOCKET_PAD, "", 0);
	for (i = 0; i < 2 * DTLS_RX_EPOCHS_MAX; i++)
		put_key(DTLS_A_SOCKET_RX, 0, i);
	CHECK(!parse(&s, built, built_len));
	CHECK(s.rx_count == DTLS_RX_EPOCHS_MAX && s.cookie == 0x1234567890);
}

static void values_of_wrong_lengths_are_refused(void)
{
	static const uint16_t types[] = {
		DTLS_A_SOCKET_COOKIE,     DTLS_A_SOCKET_INODE,
		DTLS_A_SOCKET_UID,        DTLS_A_SOCKET_FAMILY,
		DTLS_A_SOCKET_LOCAL_ADDR, DTLS_A_SOCKET_PEER_PORT,
		DTLS_A_SOCKET_DEVICE,
	};
	struct diag_socket s;
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		built_len = 0;
		put(types[i], "123", 3);
		CHECK(parse(&s, built, built_len) == -EBADMSG);
	}
}

/* Between attributes it's a shorter message; elsewhere it's none. */
static void message_cut_short_is_refused(void)
{
	struct diag_socket s;
	size_t len, borders = 0;

	build_socket();
	for (len = 0; len < built_len; len++)
		borders += !parse(&s, built, len);
	/* 13 attributes; of those with 2 bytes the padding may be missing. */
	CHECK(borders >= 13 && borders <= 13 + 3 * 2);
}

static void bytes_by_chance_do_no_harm(void)
{
	struct diag_socket s;
	uint8_t bytes[ROOM];
	size_t len;
	int round, i;

	build_socket();
	for (round = 0; round < ROUNDS; round++) {
		memcpy(bytes, built, built_len);
		len = random_below(built_len + 1);
		for (i = random_below(8); i >= 0; i--)
			bytes[random_below(built_len)] = random_u64();
		if (!parse(&s, bytes, len))
			CHECK(s.rx_count <= DTLS_RX_EPOCHS_MAX);
	}
}

static bool writes(const char *text, const char *expected)
{
	char buf[256] = "";
	struct json j = { .out = fmemopen(buf, sizeof(buf), "w") };
	bool same;

	json_text(&j, NULL, text);
	fclose(j.out);
	same = !strcmp(buf, expected);
	if (!same)
		printf("# %s, not %s\n", buf, expected);
	return same;
}

static void json_strings_are_escaped(void)
{
	CHECK(writes(NULL, "null"));
	CHECK(writes("", "\"\""));
	CHECK(writes("a \"b\" \\c", "\"a \\\"b\\\" \\\\c\""));
	CHECK(writes("\033[1m\n\t\x7f", "\"\\u001b[1m\\u000a\\u0009\\u007f\""));
	CHECK(writes("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x94\x91",
		     "\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x94\x91\""));
}

/* Latin 1, cut, overlong, a surrogate, beyond the last character */
static void json_strings_are_utf8(void)
{
	CHECK(writes("\xe4x", "\"\\ufffdx\""));
	CHECK(writes("\xe2\x82", "\"\\ufffd\\ufffd\""));
	CHECK(writes("\xc0\x80", "\"\\ufffd\\ufffd\""));
	CHECK(writes("\xe0\x80\x80", "\"\\ufffd\\ufffd\\ufffd\""));
	CHECK(writes("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""));
	CHECK(writes("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""));
	CHECK(writes("\xff", "\"\\ufffd\""));
}

static void json_has_its_commas(void)
{
	char buf[256] = "";
	struct json j = { .out = fmemopen(buf, sizeof(buf), "w") };

	json_open(&j, NULL, '{');
	json_number(&j, "a", UINT64_MAX);
	json_open(&j, "b", '[');
	json_open(&j, NULL, '{');
	json_close(&j, '}');
	json_bool(&j, NULL, true);
	json_close(&j, ']');
	json_real(&j, "c", NAN);
	json_real(&j, "d", 0.5);
	json_close(&j, '}');
	json_line(&j);
	fclose(j.out);
	CHECK(!strcmp(buf, "{\"a\":18446744073709551615,\"b\":[{},true],"
			   "\"c\":null,\"d\":0.500}\n"));
}

int main(void)
{
	RUN(socket_is_read);
	RUN(socket_without_keys_has_none);
	RUN(structures_of_other_lengths_are_read);
	RUN(what_is_unknown_or_too_many_is_passed_over);
	RUN(values_of_wrong_lengths_are_refused);
	RUN(message_cut_short_is_refused);
	RUN(bytes_by_chance_do_no_harm);
	RUN(json_strings_are_escaped);
	RUN(json_strings_are_utf8);
	RUN(json_has_its_commas);
	DONE();
}
