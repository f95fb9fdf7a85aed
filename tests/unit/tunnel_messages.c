// SPDX-License-Identifier: GPL-2.0
/* The tunnel's messages: bytes by hand from message.h's table, and by chance. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "message.h"
#include "unit.h"

#define ROUNDS       100000
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define FD09(last) 0xfd, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last

/* 10.9.0.2, fd09::2 */
static const uint8_t request[] = { 1, 1, 2, 4, 10, 9, 0, 2, 16, FD09(2) };

/* 10.9.0.2/24, fd09::2/64, from 10.9.0.1, fd09::1; 10.0.0.0/9 and fd09::/16 */
static const uint8_t config[] = {
	2,  1,  0x05,    0x8c, 2,  4,  24, 10, 9,  0,  2,
	16, 64, FD09(2), 2,    4,  10, 9,  0,  1,  16, FD09(1),
	0,  2,  4,       9,    10, 0,  0,  0,  16, 16, FD09(0),
};
static const uint8_t probe[] = { 3, 1, 2, 3, 4, 0, 0, 0 };
static const uint8_t limit[] = { 5, 0x05, 0x78 };
static const uint8_t rekey[] = { 6 };

#define GOOD(array)                   \
	{                             \
		array, sizeof(array), \
	}

static const struct {
	const uint8_t *bytes;
	size_t len;
} good[] = { GOOD(request), GOOD(config), GOOD(probe), GOOD(limit),
	     GOOD(rekey) };

/* From memory of just that size */
static int parse(struct message *m, const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len);
	int err;

	memcpy(copy, bytes, len);
	err = message_parse(m, copy, len);
	free(copy);
	return err;
}

static bool address_reads(const struct address *a, const char *text)
{
	return !strcmp(address_text(a), text);
}

static void request_is_read(void)
{
	struct message m;

	CHECK(!parse(&m, request, sizeof(request)));
	CHECK(m.kind == MESSAGE_REQUEST && m.version == 1);
	CHECK(m.address_count == 2);
	CHECK(address_reads(&m.addresses[0].address, "10.9.0.2"));
	CHECK(address_reads(&m.addresses[1].address, "fd09::2"));
	CHECK(m.addresses[0].bits == 32 && m.addresses[1].bits == 128);
}

static void config_is_read(void)
{
	struct message m;

	CHECK(!parse(&m, config, sizeof(config)));
	CHECK(m.kind == MESSAGE_CONFIG && m.version == 1 && m.bytes == 1420);
	CHECK(m.address_count == 2 && m.gateway_count == 2);
	CHECK(address_reads(&m.addresses[0].address, "10.9.0.2"));
	CHECK(address_reads(&m.addresses[1].address, "fd09::2"));
	CHECK(m.addresses[0].bits == 24 && m.addresses[1].bits == 64);
	CHECK(address_reads(&m.gateways[0], "10.9.0.1"));
	CHECK(address_reads(&m.gateways[1], "fd09::1"));
	CHECK(m.route_count == 2);
	CHECK(address_reads(&m.routes[0].address, "10.0.0.0"));
	CHECK(address_reads(&m.routes[1].address, "fd09::"));
	CHECK(m.routes[0].bits == 9 && m.routes[1].bits == 16);
}

static void the_others_are_read(void)
{
	struct message m;

	CHECK(!parse(&m, probe, sizeof(probe)) && m.kind == MESSAGE_PROBE);
	CHECK(m.number == 0x01020304 && m.bytes == sizeof(probe));
	CHECK(!parse(&m, limit, sizeof(limit)) && m.kind == MESSAGE_LIMIT);
	CHECK(m.bytes == 1400);
	CHECK(!parse(&m, rekey, sizeof(rekey)) && m.kind == MESSAGE_REKEY);
}

static void what_was_read_is_made_again(void)
{
	uint8_t bytes[MESSAGE_MAX];
	struct message m;

	for (size_t i = 0; i < COUNT(good); i++) {
		CHECK(!parse(&m, good[i].bytes, good[i].len));
		CHECK(message_make(&m, bytes, sizeof(bytes)) ==
		      (ssize_t)good[i].len);
		CHECK(!memcmp(bytes, good[i].bytes, good[i].len));
	}
}

static void message_that_does_not_fit_is_not_made(void)
{
	struct message m;

	for (size_t i = 0; i < COUNT(good); i++) {
		CHECK(!parse(&m, good[i].bytes, good[i].len));
		for (size_t size = 0; size < good[i].len; size++) {
			uint8_t *bytes = malloc(size);

			CHECK(message_make(&m, bytes, size) == -ENOSPC);
			free(bytes);
		}
	}
}

static void cut_message_is_refused(void)
{
	struct message m;

	for (size_t i = 0; i < COUNT(good); i++) {
		/* What's behind a PROBE's number is padding. */
		size_t least = good[i].bytes == probe ? 5 : good[i].len;

		for (size_t len = 0; len < least; len++)
			CHECK(parse(&m, good[i].bytes, len) == -EBADMSG);
	}
}

static void later_versions_may_add_bytes(void)
{
	uint8_t longer[MESSAGE_MAX] = { 0 };
	struct message m;

	for (size_t i = 0; i < COUNT(good); i++) {
		memcpy(longer, good[i].bytes, good[i].len);
		memset(longer + good[i].len, 0xa5, 16);
		CHECK(!parse(&m, longer, good[i].len + 16));
		CHECK(m.kind == good[i].bytes[0]);
	}
}

static void other_kinds_are_not_known(void)
{
	struct message m;
	uint8_t kind;

	for (kind = 7; kind; kind++)
		CHECK(parse(&m, &kind, 1) == -ENOMSG);
	CHECK(parse(&m, &kind, 1) == -ENOMSG);
}

/* A byte of a good message is another one: it must be refused. */
static void check_refused(const uint8_t *bytes, size_t len, size_t at,
			  uint8_t to)
{
	uint8_t bad[MESSAGE_MAX];
	struct message m;

	memcpy(bad, bytes, len);
	memset(bad + len, 0, sizeof(bad) - len);
	bad[at] = to;
	CHECK(parse(&m, bad, sizeof(bad)) == -EBADMSG);
}

static void lengths_and_counts_that_can_not_be_are_refused(void)
{
	static const uint8_t lens[] = { 0, 1, 3, 5, 15, 17, 128, 255 };

	check_refused(request, sizeof(request), 2, 3);
	check_refused(config, sizeof(config), 4, 3);
	/* Gateways and routes: behind addresses of 4 and 16 bytes */
	check_refused(config, sizeof(config), 29, 3);
	check_refused(config, sizeof(config), 53, 65);
	check_refused(config, sizeof(config), 52, 1);
	for (size_t i = 0; i < sizeof(lens); i++) {
		check_refused(request, sizeof(request), 3, lens[i]);
		check_refused(config, sizeof(config), 5, lens[i]);
		check_refused(config, sizeof(config), 30, lens[i]);
		check_refused(config, sizeof(config), 54, lens[i]);
	}
	check_refused(config, sizeof(config), 6, 33);
	check_refused(config, sizeof(config), 12, 129);
	check_refused(config, sizeof(config), 55, 33);
}

/* With all of them there, so that it's the count that is refused. */
static void more_than_there_may_be_are_refused(void)
{
	static const uint8_t three[] = { 1,  1,       3, 4,  10, 9, 0, 2,
					 16, FD09(2), 4, 10, 9,  0, 3 };
	uint8_t bytes[sizeof(config) + 64 * 6];
	struct message m;

	CHECK(parse(&m, three, sizeof(three)) == -EBADMSG);
	/* 54 bytes, and routes like the first one */
	memcpy(bytes, config, 54);
	for (int i = 0; i < 65; i++)
		memcpy(bytes + 54 + i * 6, config + 54, 6);
	bytes[53] = 64;
	CHECK(!parse(&m, bytes, 54 + 64 * 6));
	bytes[53] = 65;
	CHECK(parse(&m, bytes, 54 + 65 * 6) == -EBADMSG);
}

static void two_addresses_of_a_family_are_refused(void)
{
	static const uint8_t twins[] = {
		1, 1, 2, 4, 10, 9, 0, 2, 4, 10, 9, 0, 3
	};
	struct message m;

	CHECK(parse(&m, twins, sizeof(twins)) == -EBADMSG);
}

static void route_with_bits_of_a_host_is_refused(void)
{
	/* 10.128.0.0/9 is one, 10.64.0.0/9 isn't. */
	uint8_t bytes[sizeof(config)];
	struct message m;

	memcpy(bytes, config, sizeof(config));
	bytes[57] = 128;
	CHECK(!parse(&m, bytes, sizeof(bytes)));
	check_refused(config, sizeof(config), 57, 64);
	check_refused(config, sizeof(config), 59, 1);
}

static void probe_is_padded_to_its_length(void)
{
	struct message m = { .kind = MESSAGE_PROBE, .number = 7 };
	uint8_t *bytes = malloc(1400);

	memset(bytes, 0xa5, 1400);
	m.bytes = 1400;
	CHECK(message_make(&m, bytes, 1400) == 1400);
	for (int i = 5; i < 1400; i++)
		CHECK(!bytes[i]);
	CHECK(!parse(&m, bytes, 1400) && m.bytes == 1400 && m.number == 7);
	m.bytes = 0;
	CHECK(message_make(&m, bytes, 1400) == 5);
	free(bytes);
}

static void longest_config_fits(void)
{
	struct message m, back;
	uint8_t bytes[MESSAGE_MAX];
	ssize_t len;

	CHECK(!parse(&m, config, sizeof(config)));
	m.route_count = MESSAGE_ROUTES;
	for (int i = 0; i < MESSAGE_ROUTES; i++)
		m.routes[i] = m.routes[1];
	len = message_make(&m, bytes, sizeof(bytes));
	CHECK(len > 0 && !parse(&back, bytes, len));
	CHECK(back.route_count == MESSAGE_ROUTES);
}

static void prefixes_have_the_addresses_of_their_network(void)
{
	static const struct {
		struct prefix network;
		struct address host;
		bool has;
	} table[] = {
		{ { { 4, { 10, 9, 0, 1 } }, 24 }, { 4, { 10, 9, 0, 255 } }, 1 },
		{ { { 4, { 10, 9, 0, 1 } }, 24 }, { 4, { 10, 9, 1, 1 } }, 0 },
		{ { { 4, { 10, 9, 0, 1 } }, 23 }, { 4, { 10, 9, 1, 1 } }, 1 },
		{ { { 4, { 10, 9, 0, 1 } }, 23 }, { 4, { 10, 9, 2, 1 } }, 0 },
		{ { { 4, { 10, 9, 0, 1 } }, 32 }, { 4, { 10, 9, 0, 1 } }, 1 },
		{ { { 4, { 10, 9, 0, 1 } }, 32 }, { 4, { 10, 9, 0, 0 } }, 0 },
		{ { { 4, { 10, 9, 0, 1 } }, 0 }, { 4, { 192, 0, 2, 1 } }, 1 },
		{ { { 16, { 10, 9, 0, 1 } }, 0 }, { 4, { 10, 9, 0, 1 } }, 0 },
		{ { { 16, { 0 } }, 0 }, { 16, { FD09(1) } }, 1 },
		{ { { 16, { FD09(0) } }, 127 }, { 16, { FD09(1) } }, 1 },
		{ { { 16, { FD09(0) } }, 128 }, { 16, { FD09(1) } }, 0 },
	};

	for (size_t i = 0; i < COUNT(table); i++)
		CHECK(prefix_has(&table[i].network, &table[i].host) ==
		      table[i].has);
}

/* Nothing is read outside, and what is taken is made again as it was. */
static void any_bytes_are_a_sound_message_or_none(void)
{
	uint8_t bytes[256], again[MESSAGE_MAX];
	struct message m, back;
	int taken = 0;

	for (int i = 0; i < ROUNDS; i++) {
		size_t which = random_below(COUNT(good));
		size_t len = good[which].len;
		ssize_t made;

		memcpy(bytes, good[which].bytes, len);
		for (int wrong = random_below(3); wrong; wrong--)
			bytes[random_below(len)] = random_below(2) ?
							   random_u64() :
							   random_below(20);
		if (!random_below(4))
			len = random_below(len + 1);
		if (parse(&m, bytes, len))
			continue;
		taken++;
		made = message_make(&m, again, sizeof(again));
		CHECK(made > 0 && made <= (ssize_t)len);
		CHECK(!parse(&back, again, made));
		CHECK(m.kind == MESSAGE_PROBE || m.kind == MESSAGE_ECHO ||
		      !memcmp(again, bytes, made));
	}
	CHECK(taken > ROUNDS / 10);
}

int main(void)
{
	RUN(request_is_read);
	RUN(config_is_read);
	RUN(the_others_are_read);
	RUN(what_was_read_is_made_again);
	RUN(message_that_does_not_fit_is_not_made);
	RUN(cut_message_is_refused);
	RUN(later_versions_may_add_bytes);
	RUN(other_kinds_are_not_known);
	RUN(lengths_and_counts_that_can_not_be_are_refused);
	RUN(more_than_there_may_be_are_refused);
	RUN(two_addresses_of_a_family_are_refused);
	RUN(route_with_bits_of_a_host_is_refused);
	RUN(probe_is_padded_to_its_length);
	RUN(longest_config_fits);
	RUN(prefixes_have_the_addresses_of_their_network);
	RUN(any_bytes_are_a_sound_message_or_none);
	DONE();
}
