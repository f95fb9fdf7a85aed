// SPDX-License-Identifier: GPL-2.0
/*
 * AES-CCM: what differs from the other ciphers, and that tags of 8 bytes need
 * permission. What no cipher matters to is tested with those alone.
 */
#include "state.h"

/* A bed whose socket is attached and may have any of the ciphers. */
FIXTURE(ccm)
{
	struct bed bed;
};

FIXTURE_VARIANT(ccm)
{
	enum bed_family family;
	uint16_t cipher;
};

BED_VARIANT(ccm, aes_ccm_128_ipv4, BED_IPV4, TLS_CIPHER_AES_CCM_128)
BED_VARIANT(ccm, aes_ccm_128_ipv6, BED_IPV6, TLS_CIPHER_AES_CCM_128)
BED_VARIANT(ccm, aes_ccm_256_ipv4, BED_IPV4, DTLS_CIPHER_AES_CCM_256)
BED_VARIANT(ccm, aes_ccm_256_ipv6, BED_IPV6, DTLS_CIPHER_AES_CCM_256)
BED_VARIANT(ccm, aes_ccm_8_128_ipv4, BED_IPV4, DTLS_CIPHER_AES_CCM_8_128)
BED_VARIANT(ccm, aes_ccm_8_128_ipv6, BED_IPV6, DTLS_CIPHER_AES_CCM_8_128)
BED_VARIANT(ccm, aes_ccm_8_256_ipv4, BED_IPV4, DTLS_CIPHER_AES_CCM_8_256)
BED_VARIANT(ccm, aes_ccm_8_256_ipv6, BED_IPV6, DTLS_CIPHER_AES_CCM_8_256)

FIXTURE_SETUP(ccm)
{
	BED_SETUP();
	ASSERT_EQ(0, dtls_allow(self->bed.fd, self->bed.tx.cipher));
}

FIXTURE_TEARDOWN(ccm)
{
}

static int install_both(const struct bed *bed)
{
	return dtls_key(bed->fd, TLS_TX, &bed->tx, 1, 0) ||
	       dtls_key(bed->fd, TLS_RX, &bed->rx, 1, 0);
}

static const size_t lens[] = { 0, 1, 15, 16, 17, 1400, 16384 };

static const uint8_t *text_of_a_record(void)
{
	static uint8_t text[RECORD_CONTENT_MAX];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 31);
	return text;
}

TEST_F(ccm, B6_openssl_and_the_kernel_understand_each_other)
{
	const uint8_t *text = text_of_a_record();

	ASSERT_EQ(0, install_both(&self->bed));
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		ASSERT_EQ(lens[i], send(self->bed.fd, text, lens[i], 0));
		EXPECT_SEALED(RECORD_DATA, 1, i, text, lens[i]);
		INJECT(RECORD_DATA, 1, i, text, lens[i]);
		EXPECT_RECORD(self->bed.fd, RECORD_DATA, text, lens[i]);
	}
	EXPECT_STATS(self->bed.fd, .tx_records = ARRAY_SIZE(lens),
		     .rx_delivered = ARRAY_SIZE(lens));
}

TEST_F(ccm, B6_both_ends_understand_each_other)
{
	const uint8_t *text = text_of_a_record();
	const struct bed *bed = &self->bed;
	int ends[] = { bed->fd, bed->peer };

	ASSERT_EQ(0, install_both(bed));
	ASSERT_EQ(0, dtls_attach(bed->peer));
	ASSERT_EQ(0, dtls_allow(bed->peer, bed->tx.cipher));
	ASSERT_EQ(0, dtls_key(bed->peer, TLS_TX, &bed->rx, 1, 0));
	ASSERT_EQ(0, dtls_key(bed->peer, TLS_RX, &bed->tx, 1, 0));
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		for (int from = 0; from < 2; from++) {
			ASSERT_EQ(lens[i], send(ends[from], text, lens[i], 0));
			ASSERT_EQ(0, bed_settle(bed));
			EXPECT_RECORD(ends[!from], RECORD_DATA, text, lens[i]);
		}
	}
	for (int end = 0; end < 2; end++)
		EXPECT_STATS(ends[end], .tx_records = ARRAY_SIZE(lens),
			     .rx_delivered = ARRAY_SIZE(lens));
}

/* RFC 6655, 3: nonce and tag, which is of 16 or of 8 bytes, must fit in. */
TEST_F(ccm, B4_too_short_for_the_cipher_is_malformed)
{
	size_t least = cipher_overhead(self->bed.rx.cipher) - RECORD_HEADER_LEN;
	struct record record = record_make(RECORD_DATA, 1, 0);
	uint8_t wire[100] = {};

	ASSERT_EQ(0, install_both(&self->bed));
	for (size_t len = 0; len <= least; len++) {
		record_put_header(wire, &record, len);
		ASSERT_EQ(0, bed_inject(&self->bed, wire,
					RECORD_HEADER_LEN + len));
		EXPECT_NOTHING(self->bed.fd);
	}
	/* The shortest possible is judged by its tag. */
	EXPECT_STATS(self->bed.fd, .rx_malformed = least, .rx_bad_tag = 1);
}

TEST_F(ccm, info_tells_cipher_and_overhead)
{
	struct dtls_info info;

	ASSERT_EQ(0, install_both(&self->bed));
	ASSERT_EQ(0, dtls_info(self->bed.fd, &info));
	EXPECT_EQ(variant->cipher, info.tx_cipher);
	EXPECT_EQ(variant->cipher, info.rx_cipher);
	EXPECT_EQ(cipher_overhead(self->bed.tx.cipher), info.tx_overhead);
}

TEST_F(ccm, wrong_length_is_refused)
{
	wrong_lengths(_metadata, &self->bed);
	EXPECT_PLAIN();
	ASSERT_EQ(0, install_both(&self->bed));
	expect_traffic(_metadata, &self->bed, 0);
}

TEST_F(ccm, getting_never_tells_the_key)
{
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_TX, &self->bed.tx, 3, 100));
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_RX, &self->bed.rx, 5, 200));
	expect_told(_metadata, &self->bed, TLS_TX, 3, 100);
	expect_told(_metadata, &self->bed, TLS_RX, 5, 200);
}

/* Ciphers with tags of 8 bytes, on a socket that nobody allowed them to. */
FIXTURE(short_tags)
{
	struct bed bed;
	struct secret secret;
};

FIXTURE_VARIANT(short_tags)
{
	enum bed_family family;
	uint16_t cipher;
};

BED_VARIANT(short_tags, aes_ccm_8_128_ipv4, BED_IPV4, DTLS_CIPHER_AES_CCM_8_128)
BED_VARIANT(short_tags, aes_ccm_8_256_ipv6, BED_IPV6, DTLS_CIPHER_AES_CCM_8_256)

FIXTURE_SETUP(short_tags)
{
	ASSERT_EQ(0, bed_init(&self->bed, variant->family,
			      cipher_by_type(TLS_CIPHER_AES_CCM_128)));
	ASSERT_EQ(0, dtls_attach(self->bed.fd));
	secret_make(&self->secret, cipher_by_type(variant->cipher), 7);
}

FIXTURE_TEARDOWN(short_tags)
{
}

/* The key of a later epoch: nothing else is wrong with it. */
#define EXPECT_EACH_FORBIDDEN()                                                 \
	do {                                                                    \
		for (size_t _i = 0; _i < ARRAY_SIZE(directions); _i++)          \
			EXPECT_NO_CHANGE(EPERM,                                 \
					 dtls_key(self->bed.fd, directions[_i], \
						  &self->secret, 2, 0));        \
	} while (0)

TEST_F(short_tags, key_without_permission_is_refused)
{
	EXPECT_EACH_FORBIDDEN();
	EXPECT_PLAIN();
	ASSERT_EQ(0, install_both(&self->bed));
	expect_traffic(_metadata, &self->bed, 0);
	EXPECT_EACH_FORBIDDEN();
	expect_traffic(_metadata, &self->bed, 1);
}

/* No key was installed: the parameters stand open still. */
TEST_F(short_tags, refused_key_may_be_allowed_afterwards)
{
	EXPECT_EACH_FORBIDDEN();
	ASSERT_EQ(0, dtls_flags(self->bed.fd, DTLS_PARAM_CCM_8));
	self->bed.tx = self->bed.rx = self->secret;
	ASSERT_EQ(0, install_both(&self->bed));
	expect_traffic(_metadata, &self->bed, 0);
}

TEST_F(short_tags, permission_can_be_taken_back)
{
	ASSERT_EQ(0, dtls_flags(self->bed.fd, DTLS_PARAM_CCM_8));
	ASSERT_EQ(0, dtls_flags(self->bed.fd, 0));
	EXPECT_EACH_FORBIDDEN();
}

TEST_F(short_tags, permission_is_for_one_socket)
{
	int other[2];

	ASSERT_EQ(0, bed_pair(variant->family, other));
	ASSERT_EQ(0, dtls_attach(other[0]));
	ASSERT_EQ(0, dtls_flags(other[0], DTLS_PARAM_CCM_8));
	EXPECT_EACH_FORBIDDEN();
	EXPECT_EQ(0, dtls_key(other[0], TLS_TX, &self->secret, 1, 0));
}

/* What is allowed isn't demanded. */
TEST_F(short_tags, permission_leaves_the_other_ciphers)
{
	ASSERT_EQ(0, dtls_flags(self->bed.fd, DTLS_PARAM_CCM_8));
	ASSERT_EQ(0, install_both(&self->bed));
	expect_traffic(_metadata, &self->bed, 0);
}

TEST_HARNESS_MAIN
