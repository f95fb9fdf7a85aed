// SPDX-License-Identifier: GPL-2.0
/* Records that other implementations made: tests/vectors. */
#include "check.h"
#include "vector.h"

FIXTURE(vectors)
{
	struct bed bed;
};

FIXTURE_VARIANT(vectors)
{
	enum bed_family family;
	const struct vector *first;
	const unsigned int *count;
	int records, numbered; /* in all; those whose explicit nonce is usual */
};

#define TABLE_VARIANT(name, the_family, table, the_records, the_numbered) \
	FIXTURE_VARIANT_ADD(vectors, name) {                              \
		.family = the_family,                                     \
		.first = table,                                           \
		.count = &table##_count,                                  \
		.records = the_records,                                   \
		.numbered = the_numbered,                                 \
	};
TABLE_VARIANT(ipv4, BED_IPV4, vectors, 107, 81)
TABLE_VARIANT(ipv6, BED_IPV6, vectors, 107, 81)
TABLE_VARIANT(cid_ipv4, BED_IPV4, cid_vectors, 60, 60)
TABLE_VARIANT(cid_ipv6, BED_IPV6, cid_vectors, 60, 60)

FIXTURE_SETUP(vectors)
{
	ASSERT_EQ(0, bed_init(&self->bed, variant->family,
			      cipher_by_type(TLS_CIPHER_AES_GCM_128)));
}

FIXTURE_TEARDOWN(vectors)
{
}

static void get_secret(struct __test_metadata *_metadata, struct secret *secret,
		       const struct vector *vector)
{
	memset(secret, 0, sizeof(*secret));
	secret->cipher = cipher_by_name(vector->aead);
	ASSERT_NE(NULL, secret->cipher);
	ASSERT_EQ(secret->cipher->key_len, vector->key_len);
	ASSERT_EQ(secret->cipher->iv_len, vector->fixed_iv_len);
	memcpy(secret->key, vector->key, vector->key_len);
	memcpy(secret->iv, vector->fixed_iv, vector->fixed_iv_len);
	secret->cid_len = vector->cid_len;
	memcpy(secret->cid, vector->cid, vector->cid_len);
}

/* Padding as the record's; the connection ID of both directions. */
static int agree(int fd, const struct secret *secret,
		 const struct vector *vector)
{
	struct dtls_params params;
	socklen_t len = sizeof(params);

	if (!secret->cid_len)
		return 0;
	if (getsockopt(fd, SOL_TLS, DTLS_PARAMS, &params, &len))
		return -1;
	params.tx_pad = (uint32_t)vector->inner_len;
	if (setsockopt(fd, SOL_TLS, DTLS_PARAMS, &params, len))
		return -1;
	return dtls_cid(fd, secret, secret);
}

/* A socket with the record's key, before its first number. */
static void open_bed(struct __test_metadata *_metadata, struct bed *bed,
		     const struct vector *vector)
{
	int fd[2];

	get_secret(_metadata, &bed->rx, vector);
	ASSERT_EQ(0, bed_pair(bed->family, fd));
	ASSERT_EQ(0, bed_room(fd[0]));
	ASSERT_EQ(0, dtls_attach(fd[0]));
	ASSERT_EQ(0, dtls_allow(fd[0], bed->rx.cipher));
	ASSERT_EQ(0, agree(fd[0], &bed->rx, vector));
	ASSERT_EQ(0, dtls_key(fd[0], TLS_RX, &bed->rx, vector->epoch, 0));
	bed->fd = fd[0];
	bed->peer = fd[1];
}

static void close_bed(struct __test_metadata *_metadata, struct bed *bed)
{
	ASSERT_EQ(0, dtls_close(bed->fd));
	ASSERT_EQ(0, close(bed->peer));
}

#define for_each_vector(vector)       \
	for (vector = variant->first; \
	     vector < variant->first + *variant->count; vector++)

static void expect_opened(struct __test_metadata *_metadata,
			  const struct bed *bed, const struct vector *vector)
{
	ASSERT_EQ(0, bed_inject(bed, vector->record, vector->record_len))
	TH_LOG("record %u", vector->id);
	expect_record(_metadata, (int)vector->id, bed->fd, vector->type,
		      vector->plaintext, vector->plaintext_len);
}

TEST_F(vectors, B1_B2_B5_B6_C6_each_is_opened_once)
{
	const struct vector *vector;
	int count = 0;

	for_each_vector(vector)
	{
		struct bed bed = self->bed;

		open_bed(_metadata, &bed, vector);
		expect_opened(_metadata, &bed, vector);
		ASSERT_EQ(0,
			  bed_inject(&bed, vector->record, vector->record_len));
		EXPECT_NOTHING(bed.fd);
		EXPECT_STATS(bed.fd, .rx_delivered = 1, .rx_replayed = 1);
		close_bed(_metadata, &bed);
		count++;
	}
	EXPECT_EQ(variant->records, count);
}

/* The tests' own sealing makes the same bytes: it may judge the kernel's. */
TEST_F(vectors, each_is_made_by_the_tests_too)
{
	static uint8_t wire[RECORD_ROOM];
	const struct vector *vector;

	for_each_vector(vector)
	{
		struct record record =
			record_make(vector->type, vector->epoch, vector->seq);
		struct secret secret;
		uint64_t nonce = 0;

		get_secret(_metadata, &secret, vector);
		if (secret.cid_len)
			record.pad =
				vector->inner_len - vector->plaintext_len - 1;
		memcpy(&nonce, vector->explicit_nonce,
		       vector->explicit_nonce_len);
		record.explicit_nonce = be64toh(nonce);
		ASSERT_EQ(vector->record_len,
			  record_seal(&secret, &record, vector->plaintext,
				      vector->plaintext_len, wire));
		EXPECT_EQ(0, memcmp(wire, vector->record, vector->record_len))
		TH_LOG("record %u", vector->id);
	}
}

/* With this key installed again for sending, the kernel makes the same. */
TEST_F(vectors, B1_B5_B6_C6_sending_makes_the_same_bytes)
{
	static uint8_t wire[RECORD_ROOM];
	const struct vector *vector;
	int count = 0;

	for_each_vector(vector)
	{
		uint64_t number =
			htobe64((uint64_t)vector->epoch << 48 | vector->seq);
		struct bed bed = self->bed;

		/* The kernel's explicit nonce is the number, as most's. */
		if (vector->explicit_nonce_len &&
		    memcmp(vector->explicit_nonce, &number, sizeof(number)))
			continue;
		open_bed(_metadata, &bed, vector);
		ASSERT_EQ(0, dtls_key(bed.fd, TLS_TX, &bed.rx, vector->epoch,
				      vector->seq));
		ASSERT_EQ(vector->plaintext_len,
			  msg_send(bed.fd, vector->type, vector->plaintext,
				   vector->plaintext_len, 0));
		ASSERT_EQ(vector->record_len,
			  recv(bed.peer, wire, sizeof(wire), 0));
		EXPECT_EQ(0, memcmp(wire, vector->record, vector->record_len))
		TH_LOG("record %u", vector->id);
		close_bed(_metadata, &bed);
		count++;
	}
	EXPECT_EQ(variant->numbered, count);
}

/* What becomes of a record when this byte of it is another one. */
static void count_refusal(struct dtls_stats *stats, size_t offset,
			  size_t cid_len)
{
	if (offset < 3)
		stats->rx_malformed++; /* type, version */
	else if (offset < 5)
		stats->rx_no_key++; /* an epoch above the only one */
	else if (offset < 11)
		stats->rx_bad_tag++; /* number */
	else if (offset < 11 + cid_len)
		stats->rx_wrong_cid++;
	else if (offset < 13 + cid_len)
		stats->rx_malformed++; /* a length past the end */
	else
		stats->rx_bad_tag++;
}

/*
 * The stack below makes no difference, and a datagram of 16 KB costs a guest
 * without KVM half a millisecond, more with CCM. So over IPv6, and of CCM's, and
 * on slow machines only the header, the nonce, the tag and each 61st byte of
 * records longer than a kilobyte are flipped.
 */
static int is_flipped(const struct bed *bed, const struct vector *vector,
		      size_t offset)
{
	return (bed->family == BED_IPV4 && !bed->rx.cipher->is_ccm &&
		!is_slow()) ||
	       vector->record_len <= 1024 || offset < 32 ||
	       offset >= vector->record_len - 17 || offset % 61 == 0;
}

/* In bulk: reading is what costs. */
enum {
	BULK = 64
};

static void expect_each_flip_refused(struct __test_metadata *_metadata,
				     const struct bed *bed,
				     const struct vector *vector)
{
	static uint8_t wire[RECORD_ROOM];
	struct dtls_stats expected = {}, seen;
	const char *differs;
	int waiting = 0;

	memcpy(wire, vector->record, vector->record_len);
	for (size_t i = 0; i < vector->record_len; i++) {
		if (is_flipped(bed, vector, i)) {
			wire[i] ^= 0xff;
			ASSERT_EQ(vector->record_len,
				  send(bed->peer, wire, vector->record_len, 0));
			wire[i] ^= 0xff;
			count_refusal(&expected, i, vector->cid_len);
			waiting++;
		}
		if (i >= RECORD_HEADER_LEN && waiting < BULK &&
		    i != vector->record_len - 1)
			continue;
		waiting = 0;
		ASSERT_EQ(0, bed_settle(bed));
		EXPECT_NOTHING(bed->fd);
		ASSERT_EQ(0, dtls_stats(bed->fd, &seen));
		differs = dtls_stats_mismatch(&expected, &seen);
		ASSERT_EQ(NULL, differs)
		TH_LOG("record %u, up to byte %zu: %s", vector->id, i, differs);
	}
	EXPECT_EQ(NULL, dtls_net_mismatch());
	/* RFC 6347, 4.1.2.7: silently. */
	EXPECT_ERRNO(EAGAIN, recv(bed->peer, wire, 1, MSG_DONTWAIT));
}

/* 49,000 datagrams of 16 KB are among them. */
TEST_F_TIMEOUT(vectors, A11_C6_each_with_a_byte_flipped_is_refused, 300)
{
	const struct vector *vector;

	for_each_vector(vector)
	{
		struct bed bed = self->bed;

		open_bed(_metadata, &bed, vector);
		expect_each_flip_refused(_metadata, &bed, vector);
		/* None of it moved anything: the record itself is welcome. */
		expect_opened(_metadata, &bed, vector);
		close_bed(_metadata, &bed);
	}
}

TEST_HARNESS_MAIN
