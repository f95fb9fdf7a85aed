// SPDX-License-Identifier: GPL-2.0
/*
 * The tunnel's packets for a script: a line is what is to be done, and its words;
 * the answer is a line. Packets are in hex (-: none), and lie in memory of just their size,
 * so that the sanitizers see each step outside.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coalesce.h"
#include "packet.h"
#include "segment.h"

/**
 * struct blob - bytes on the heap
 * @bytes: them
 * @len: how many
 */
struct blob {
	uint8_t *bytes;
	size_t len;
};

static char *word(void)
{
	char *w = strtok(NULL, " \n");

	if (!w) {
		fprintf(stderr, "a word is missing\n");
		exit(1);
	}
	return w;
}

static unsigned long number(void)
{
	return strtoul(word(), NULL, 0);
}

static unsigned int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

static struct blob blob_of(const char *hex)
{
	struct blob blob = { NULL, strlen(hex) / 2 }; /* of "-": 0 */

	blob.bytes = malloc(blob.len);
	for (size_t i = 0; i < blob.len; i++)
		blob.bytes[i] = digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]);
	return blob;
}

static void print_hex(const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		putchar_unlocked(digits[bytes[i] >> 4]);
		putchar_unlocked(digits[bytes[i] & 15]);
	}
}

static struct virtio_net_hdr header(void)
{
	struct virtio_net_hdr hdr = { 0 };

	hdr.flags = number();
	hdr.gso_type = number();
	hdr.hdr_len = number();
	hdr.gso_size = number();
	hdr.csum_start = number();
	hdr.csum_offset = number();
	return hdr;
}

static void print_packets(const struct segments *s)
{
	for (size_t at = 0; at < s->len; at += s->each) {
		size_t left = s->len - at;

		putchar(' ');
		print_hex(s->bytes + at, left < s->each ? left : s->each);
	}
}

/* HEADER... ROOM PACKET -> EACH COUNT-OR-ERROR PACKET... */
static void do_segment(void)
{
	struct virtio_net_hdr hdr = header();
	size_t room = number();
	struct blob packet = blob_of(word());
	uint8_t *to = malloc(room);
	struct segments s;
	size_t each = segments_each(&hdr, packet.bytes, packet.len);
	int n = segments_make(&hdr, packet.bytes, packet.len, to, room, &s);

	printf("%zu %s", each, n < 0 ? strerrorname_np(-n) : "");
	if (n >= 0) {
		printf("%d", n);
		print_packets(&s);
	}
	free(to);
	free(packet.bytes);
}

static void print_coalesced(struct coalesce *c)
{
	size_t len = coalesce_finish(c);

	printf(" %u,%u,%u,%u,%u,%u,", c->hdr.flags, c->hdr.gso_type,
	       c->hdr.hdr_len, c->hdr.gso_size, c->hdr.csum_start,
	       c->hdr.csum_offset);
	if (len)
		print_hex((uint8_t *)&c->hdr + sizeof(c->hdr),
			  len - sizeof(c->hdr));
	coalesce_clear(c);
}

/* PACKET... -> HEADER,PACKET... */
static void do_coalesce(void)
{
	static struct coalesce c;
	char *hex;

	coalesce_clear(&c);
	while ((hex = strtok(NULL, " \n"))) {
		struct blob packet = blob_of(hex);
		struct packet p;

		if (packet_parse(&p, packet.bytes, packet.len)) {
			printf(" EBADMSG");
		} else if (!coalesce_add(&c, &p)) {
			print_coalesced(&c);
			coalesce_add(&c, &p);
		}
		free(packet.bytes);
	}
	if (c.segments)
		print_coalesced(&c);
}

/* MTU ROOM PACKET -> LENGTH ANSWER */
static void do_too_big(void)
{
	size_t mtu = number(), room = number(), len;
	struct blob packet = blob_of(word());
	uint8_t *out = malloc(room);
	struct packet p;

	if (packet_parse(&p, packet.bytes, packet.len)) {
		printf("EBADMSG");
	} else {
		len = packet_too_big(&p, mtu, out, room);
		printf("%zu ", len);
		print_hex(out, len);
	}
	free(out);
	free(packet.bytes);
}

/* PACKET -> LENGTH VERSION UNSUMMED FRAGMENT PROTOCOL IP-LENGTH FROM TO */
static void do_parse(void)
{
	struct blob packet = blob_of(word());
	struct packet p;

	if (packet_parse(&p, packet.bytes, packet.len))
		printf("EBADMSG");
	else
		printf("%zu %u %u %u %u %zu %s %s", p.len, p.version,
		       p.unsummed, p.fragment, p.protocol, p.ip_len,
		       address_text(&p.source), address_text(&p.destination));
	free(packet.bytes);
}

/* SUM-SO-FAR BYTES -> CHECKSUM as it's stored */
static void do_sum(void)
{
	uint64_t before = strtoull(word(), NULL, 0);
	struct blob blob = blob_of(word());
	uint16_t sum = packet_fold(packet_sum(blob.bytes, blob.len, before));

	print_hex((uint8_t *)&sum, sizeof(sum));
	free(blob.bytes);
}

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} table[] = {
		{ "segment", do_segment }, { "coalesce", do_coalesce },
		{ "too_big", do_too_big }, { "parse", do_parse },
		{ "sum", do_sum },
	};
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		const char *name = strtok(line, " \n");

		for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
			if (name && !strcmp(name, table[i].name))
				table[i].run();
		putchar('\n');
		fflush(stdout);
	}
	free(line);
	return 0;
}
