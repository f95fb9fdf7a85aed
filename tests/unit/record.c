// SPDX-License-Identifier: GPL-2.0
/* Headers and additional data, on other implementations' records and noise. */
#include <errno.h>
#include <string.h>

#include "record.h"
#include "unit.h"
#include "vector.h"

#define for_each_vector(vector) \
	for (vector = vectors; vector < vectors + vectors_count; vector++)

static u64 be(const u8 *from, int bytes)
{
	u64 value = 0;

	while (bytes--)
		value = value << 8 | *from++;
	return value;
}

static void headers_of_others_are_read(void)
{
	const struct vector *vector;
	struct dtls_record rec;

	for_each_vector(vector)
	{
		CHECK(dtls_record_parse(&rec, (const u8 *)vector->record,
					vector->record_len, 8) == 0);
		CHECK(rec.cid_len == 0);
		CHECK(rec.type == vector->type);
		CHECK(rec.version == 0xfefd);
		CHECK(dtls_record_epoch(rec.number) == vector->epoch);
		CHECK(dtls_record_seq(rec.number) == vector->seq);
		CHECK(rec.len == vector->record_len - DTLS_RECORD_HEADER_LEN);
		CHECK(rec.number ==
		      dtls_record_number(vector->epoch, vector->seq));
	}
}

static void headers_are_written_as_read(void)
{
	const struct vector *vector;
	struct dtls_record rec;
	u8 header[DTLS_RECORD_HEADER_LEN];

	for_each_vector(vector)
	{
		dtls_record_parse(&rec, (const u8 *)vector->record,
				  vector->record_len, 0);
		dtls_record_put_header(header, &rec);
		CHECK(!memcmp(header, vector->record, sizeof(header)));
	}
}

static void B1_additional_data_is_that_of_others(void)
{
	const struct vector *vector;
	struct dtls_record rec;
	u8 aad[DTLS_RECORD_AAD_MAX];

	for_each_vector(vector)
	{
		dtls_record_parse(&rec, (const u8 *)vector->record,
				  vector->record_len, 0);
		CHECK(vector->aad_len ==
		      dtls_record_put_aad(aad, &rec,
					  (u16)vector->plaintext_len));
		CHECK(!memcmp(aad, vector->aad, vector->aad_len));
	}
}

/* Bytes of exactly this length: the sanitizer sees each step outside. */
static u8 *random_bytes(size_t len)
{
	u8 *bytes = malloc(len ? len : 1);

	for (size_t i = 0; i < len; i++)
		bytes[i] = (u8)random_u64();
	return bytes;
}

static void A7_noise_is_read_within_its_bounds(void)
{
	for (int i = 0; i < 50000; i++) {
		size_t len = random_below(i % 2 ? 64 : 20000);
		u8 *buf = random_bytes(len);
		u8 given = (u8)random_below(21), cid_len;
		struct dtls_record rec;
		size_t header;
		u64 claimed;
		int err;

		if (len && i % 5 == 0)
			buf[0] = DTLS_RECORD_CID;
		cid_len = len && buf[0] == DTLS_RECORD_CID ? given : 0;
		header = 13U + cid_len;
		/* Noise seldom claims a length near its own. */
		if (len >= header && i % 4 != 3) {
			claimed = len - header + random_below(5) - 2;
			buf[header - 2] = (u8)(claimed >> 8);
			buf[header - 1] = (u8)claimed;
		}
		claimed = len >= header ? be(buf + header - 2, 2) : 0;
		err = dtls_record_parse(&rec, buf, len, given);
		if (len < header || claimed > len - header ||
		    claimed > 16384 + 2048) {
			CHECK(err == -EBADMSG);
		} else {
			CHECK(err == 0);
			CHECK(rec.type == buf[0]);
			CHECK(rec.version == be(buf + 1, 2));
			CHECK(rec.number == be(buf + 3, 8));
			CHECK(rec.cid == buf + 11 && rec.cid_len == cid_len);
			CHECK(rec.len == claimed);
		}
		dtls_record_all_plain(buf, len);
		free(buf);
	}
}

static void C4_content_ends_before_type_and_zeros(void)
{
	for (int i = 0; i < 5000; i++) {
		size_t len = random_below(300), zeros = random_below(300);
		u8 *inner = random_bytes(len + zeros);
		u8 type = 0;

		memset(inner + len, 0, zeros);
		if (len && !inner[len - 1])
			inner[len - 1] = 23;
		if (!len) {
			CHECK(dtls_record_strip(inner, zeros, &type) ==
			      -EBADMSG);
		} else {
			CHECK(dtls_record_strip(inner, len + zeros, &type) ==
			      (int)len - 1);
			CHECK(type == inner[len - 1]);
		}
		free(inner);
	}
}

/* Writes a record of epoch 0, with @len bytes of content; returns its length. */
static size_t put_plain(u8 *wire, u8 type, u16 version, u64 number, u16 len)
{
	const struct dtls_record rec = {
		.type = type, .version = version, .number = number, .len = len
	};

	dtls_record_put_header(wire, &rec);
	memset(wire + DTLS_RECORD_HEADER_LEN, 1, len);
	return DTLS_RECORD_HEADER_LEN + len;
}

static void plain_datagrams_are_whole_records_of_a_handshake(void)
{
	u8 wire[256];
	size_t len, first;

	CHECK(!dtls_record_all_plain(wire, 0));
	for (int type = 0; type < 256; type++) {
		len = put_plain(wire, (u8)type, 0xfefd, 7, 1);
		CHECK(dtls_record_all_plain(wire, len) ==
		      (type >= 20 && type <= 22));
	}
	len = put_plain(wire, 22, 0xfefd, 7, 0);
	CHECK(!dtls_record_all_plain(wire, len));
	len = put_plain(wire, 22, 0xfefc, 7, 5);
	CHECK(!dtls_record_all_plain(wire, len));
	len = put_plain(wire, 22, 0xfefd, 1ULL << 48, 5);
	CHECK(!dtls_record_all_plain(wire, len));

	first = put_plain(wire, 22, 0xfeff, 7, 50);
	len = first + put_plain(wire + first, 20, 0xfefd, 8, 1);
	for (size_t cut = 0; cut <= len; cut++)
		CHECK(dtls_record_all_plain(wire, cut) ==
		      (cut == first || cut == len));
	put_plain(wire + first, 23, 0xfefd, 8, 1);
	CHECK(!dtls_record_all_plain(wire, len));
}

static void numbers_come_apart(void)
{
	for (int i = 0; i < 1000; i++) {
		u16 epoch = (u16)random_u64();
		u64 seq = random_u64() & DTLS_RECORD_SEQ_MAX;
		u64 number = dtls_record_number(epoch, seq);

		CHECK(dtls_record_epoch(number) == epoch);
		CHECK(dtls_record_seq(number) == seq);
	}
	CHECK(DTLS_RECORD_SEQ_MAX == 0xffffffffffffULL);
	CHECK(dtls_record_number(0xffff, DTLS_RECORD_SEQ_MAX) == ~0ULL);
}

static void A20_three_types_are_known(void)
{
	for (int type = 0; type < 256; type++)
		CHECK(dtls_record_type_is_known((u8)type) ==
		      (type == 21 || type == 22 || type == 23));
}

int main(void)
{
	RUN(headers_of_others_are_read);
	RUN(headers_are_written_as_read);
	RUN(B1_additional_data_is_that_of_others);
	RUN(A7_noise_is_read_within_its_bounds);
	RUN(C4_content_ends_before_type_and_zeros);
	RUN(plain_datagrams_are_whole_records_of_a_handshake);
	RUN(numbers_come_apart);
	RUN(A20_three_types_are_known);
	DONE();
}
