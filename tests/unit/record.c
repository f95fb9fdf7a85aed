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
					vector->record_len) == 0);
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
				  vector->record_len);
		dtls_record_put_header(header, &rec);
		CHECK(!memcmp(header, vector->record, sizeof(header)));
	}
}

static void B1_additional_data_is_that_of_others(void)
{
	const struct vector *vector;
	struct dtls_record rec;
	u8 aad[DTLS_RECORD_AAD_LEN];

	for_each_vector(vector)
	{
		dtls_record_parse(&rec, (const u8 *)vector->record,
				  vector->record_len);
		CHECK(vector->aad_len == sizeof(aad));
		dtls_record_put_aad(aad, &rec, (u16)vector->plaintext_len);
		CHECK(!memcmp(aad, vector->aad, sizeof(aad)));
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
		struct dtls_record rec;
		u64 claimed;
		int err;

		/* Noise seldom claims a length near its own. */
		if (len >= 13 && i % 4 != 3) {
			claimed = len - 13 + random_below(5) - 2;
			buf[11] = (u8)(claimed >> 8);
			buf[12] = (u8)claimed;
		}
		claimed = len >= 13 ? be(buf + 11, 2) : 0;
		err = dtls_record_parse(&rec, buf, len);
		if (len < 13 || claimed > len - 13 || claimed > 16384 + 2048) {
			CHECK(err == -EBADMSG);
		} else {
			CHECK(err == 0);
			CHECK(rec.type == buf[0]);
			CHECK(rec.version == be(buf + 1, 2));
			CHECK(rec.number == be(buf + 3, 8));
			CHECK(rec.len == claimed);
		}
		free(buf);
	}
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
	RUN(numbers_come_apart);
	RUN(A20_three_types_are_known);
	DONE();
}
