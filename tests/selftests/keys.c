// SPDX-License-Identifier: GPL-2.0
/* TLS_TX and TLS_RX: what installs a key, what is refused, what is told. */
#include <sys/mman.h>

#include "state.h"

FIXTURE_BED(keys)

FIXTURE_SETUP(keys)
{
	BED_SETUP();
}

FIXTURE_TEARDOWN(keys)
{
}

static const struct secret *secret_of(const struct bed *bed, int direction)
{
	return direction == TLS_TX ? &bed->tx : &bed->rx;
}

TEST_F(keys, sending_key_seals)
{
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_TX, &self->bed.tx, 1, 7));
	EXPECT_EQ(1, dtls_net_stat("DtlsCurrTx"));
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrRx"));
	ASSERT_EQ(4, send(self->bed.fd, "here", 4, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 7, "here", 4);
	EXPECT_STATS(self->bed.fd, .tx_records = 1);
	/* The other direction is plain still. */
	ASSERT_EQ(0, bed_inject(&self->bed, "there", 5));
	EXPECT_RECORD(self->bed.fd, -1, "there", 5);
}

TEST_F(keys, receiving_key_opens)
{
	char text[8];

	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_RX, &self->bed.rx, 1, 7));
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrTx"));
	EXPECT_EQ(1, dtls_net_stat("DtlsCurrRx"));
	INJECT(RECORD_DATA, 1, 7, "there", 5);
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "there", 5);
	EXPECT_STATS(self->bed.fd, .rx_delivered = 1);
	/* The other direction is plain still. */
	ASSERT_EQ(4, send(self->bed.fd, "here", 4, 0));
	EXPECT_EQ(4, recv(self->bed.peer, text, sizeof(text), 0));
}

TEST_F(keys, directions_may_have_different_ciphers)
{
	static const uint16_t types[] = {
		TLS_CIPHER_AES_GCM_128,       DTLS_CIPHER_AES_CCM_8_256,
		TLS_CIPHER_AES_GCM_256,       TLS_CIPHER_AES_CCM_128,
		TLS_CIPHER_CHACHA20_POLY1305, DTLS_CIPHER_AES_CCM_8_128,
		DTLS_CIPHER_AES_CCM_256
	};
	struct dtls_info info;

	ASSERT_EQ(0, dtls_flags(self->bed.fd, DTLS_PARAM_CCM_8));
	for (uint16_t i = 0; i < ARRAY_SIZE(types); i++) {
		/* A later epoch may have another cipher, too. */
		secret_make(&self->bed.rx, cipher_by_type(types[i]), i + 3u);
		ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_RX, &self->bed.rx,
				      i + 1, 0));
		INJECT(RECORD_DATA, i + 1, 0, "there", 5);
		EXPECT_RECORD(self->bed.fd, RECORD_DATA, "there", 5);
		ASSERT_EQ(0, dtls_info(self->bed.fd, &info));
		EXPECT_EQ(types[i], info.rx_cipher);
	}
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_TX, &self->bed.tx, 1, 0));
	ASSERT_EQ(4, send(self->bed.fd, "here", 4, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 0, "here", 4);
}

TEST_F(keys, info_tells_what_is_installed)
{
	struct dtls_info info, expected = {
		.version = DTLS_1_2_VERSION,
		.tx_cipher = variant->cipher,
		.rx_cipher = variant->cipher,
		.tx_epoch = 3,
		.rx_epoch = 5,
		.tx_overhead = (uint16_t)cipher_overhead(self->bed.tx.cipher),
		.tx_payload = DTLS_MAX_PAYLOAD,
		.tx_next = 100,
		.tx_conf = TLS_CONF_SW,
		.rx_conf = TLS_CONF_SW,
	};

	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_TX, &self->bed.tx, 3, 100));
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_RX, &self->bed.rx, 5, 200));
	ASSERT_EQ(0, dtls_info(self->bed.fd, &info));
	EXPECT_EQ(0, memcmp(&expected, &info, sizeof(info)));
	ASSERT_EQ(4, send(self->bed.fd, "here", 4, 0));
	expected.tx_next++;
	ASSERT_EQ(0, dtls_info(self->bed.fd, &info));
	EXPECT_EQ(0, memcmp(&expected, &info, sizeof(info)));
}

TEST_F(keys, wrong_length_is_refused)
{
	with_and_without_keys(_metadata, &self->bed, wrong_lengths);
}

static void wrong_versions(struct __test_metadata *_metadata, struct bed *bed)
{
	static const uint16_t versions[] = {
		0,      TLS_1_2_VERSION, TLS_1_3_VERSION, 0xfeff,
		0xfefc, 0xfdfe,          0xffff
	};
	struct {
		struct bed bed;
	} copy = { *bed }, *self = &copy;
	union crypto_info ci;
	size_t len = dtls_crypto_info(&ci, &bed->tx, 2, 0);

	for (size_t v = 0; v < ARRAY_SIZE(versions); v++) {
		ci.info.version = versions[v];
		for (size_t i = 0; i < ARRAY_SIZE(directions); i++)
			EXPECT_NO_CHANGE(EPROTONOSUPPORT,
					 set(bed->fd, directions[i], &ci, len));
	}
}

TEST_F(keys, wrong_version_is_refused)
{
	with_and_without_keys(_metadata, &self->bed, wrong_versions);
}

static void wrong_ciphers(struct __test_metadata *_metadata, struct bed *bed)
{
	static const struct {
		uint16_t type;
		size_t len;
	} others[] = {
		{ 0, sizeof(struct tls12_crypto_info_aes_gcm_128) },
		{ 50, sizeof(struct tls12_crypto_info_aes_gcm_128) },
		{ TLS_CIPHER_SM4_GCM, sizeof(struct tls12_crypto_info_sm4_gcm) },
		{ TLS_CIPHER_SM4_CCM, sizeof(struct tls12_crypto_info_sm4_ccm) },
		{ DTLS_CIPHER_AES_CCM_256 - 1,
		  sizeof(struct dtls12_crypto_info_aes_ccm_256) },
		{ DTLS_CIPHER_AES_CCM_8_256 + 1,
		  sizeof(struct dtls12_crypto_info_aes_ccm_8_256) },
		{ 0xffff, sizeof(struct tls12_crypto_info_aes_gcm_256) },
	};
	struct {
		struct bed bed;
	} copy = { *bed }, *self = &copy;
	union crypto_info ci;

	dtls_crypto_info(&ci, &bed->tx, 2, 0);
	for (size_t c = 0; c < ARRAY_SIZE(others); c++) {
		ci.info.cipher_type = others[c].type;
		for (size_t i = 0; i < ARRAY_SIZE(directions); i++)
			EXPECT_NO_CHANGE(EOPNOTSUPP, set(bed->fd, directions[i],
							 &ci, others[c].len));
	}
}

TEST_F(keys, unknown_cipher_is_refused)
{
	with_and_without_keys(_metadata, &self->bed, wrong_ciphers);
}

static void epoch_zero(struct __test_metadata *_metadata, struct bed *bed)
{
	struct {
		struct bed bed;
	} copy = { *bed }, *self = &copy;

	for (size_t i = 0; i < ARRAY_SIZE(directions); i++)
		EXPECT_NO_CHANGE(EINVAL, dtls_key(bed->fd, directions[i],
						  &bed->tx, 0, 5));
}

TEST_F(keys, epoch_zero_is_refused)
{
	with_and_without_keys(_metadata, &self->bed, epoch_zero);
}

/* Bad pointers: none, one to kernel memory, a structure that's half there. */
static void bad_pointers(struct __test_metadata *_metadata, struct bed *bed)
{
	struct {
		struct bed bed;
	} copy = { *bed }, *self = &copy;
	union crypto_info ci;
	size_t len = dtls_crypto_info(&ci, &bed->tx, 2, 0);
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *edge = pages + 4096 - len / 2;
	const void *bad[] = { NULL, (void *)0xffff888000000000, edge };

	memcpy(edge, &ci, len / 2);
	ASSERT_EQ(0, munmap(pages + 4096, 4096));
	for (size_t p = 0; p < ARRAY_SIZE(bad); p++)
		for (size_t i = 0; i < ARRAY_SIZE(directions); i++)
			EXPECT_NO_CHANGE(EFAULT, set(bed->fd, directions[i],
						     bad[p], len));
	munmap(pages, 4096);
}

TEST_F(keys, bad_pointer_is_refused)
{
	with_and_without_keys(_metadata, &self->bed, bad_pointers);
}

TEST_F(keys, A4_B9_epoch_must_grow)
{
	struct bed *bed = &self->bed;
	struct secret other;

	secret_make(&other, bed->tx.cipher, 9);
	for (size_t i = 0; i < ARRAY_SIZE(directions); i++) {
		const struct secret *secret = secret_of(bed, directions[i]);

		ASSERT_EQ(0, dtls_key(bed->fd, directions[i], secret, 5, 0));
		EXPECT_NO_CHANGE(EBUSY, dtls_key(bed->fd, directions[i], secret,
						 5, 0));
		EXPECT_NO_CHANGE(EBUSY, dtls_key(bed->fd, directions[i], secret,
						 5, 1));
		EXPECT_NO_CHANGE(EBUSY, dtls_key(bed->fd, directions[i], &other,
						 5, 0));
		EXPECT_NO_CHANGE(EBUSY, dtls_key(bed->fd, directions[i], &other,
						 4, 0));
		EXPECT_NO_CHANGE(EBUSY, dtls_key(bed->fd, directions[i], &other,
						 1, 0));
	}
	ASSERT_EQ(4, send(bed->fd, "here", 4, 0));
	EXPECT_SEALED(RECORD_DATA, 5, 0, "here", 4);
	INJECT(RECORD_DATA, 5, 0, "there", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
}

TEST_F(keys, A4_last_epoch_is_the_end)
{
	struct bed *bed = &self->bed;

	for (size_t i = 0; i < ARRAY_SIZE(directions); i++) {
		const struct secret *secret = secret_of(bed, directions[i]);

		ASSERT_EQ(0, dtls_key(bed->fd, directions[i], secret, 65535, 0));
		EXPECT_NO_CHANGE(EBUSY, dtls_key(bed->fd, directions[i], secret,
						 65535, 0));
		EXPECT_NO_CHANGE(EBUSY, dtls_key(bed->fd, directions[i], secret,
						 1, 0));
	}
	ASSERT_EQ(4, send(bed->fd, "here", 4, 0));
	EXPECT_SEALED(RECORD_DATA, 65535, 0, "here", 4);
	INJECT(RECORD_DATA, 65535, 0, "there", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
}

TEST_F(keys, disconnected_socket_gets_no_key)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	ASSERT_EQ(0, connect(self->bed.fd, &none, sizeof(none)));
	for (size_t i = 0; i < ARRAY_SIZE(directions); i++)
		EXPECT_NO_CHANGE(ENOTCONN, dtls_key(self->bed.fd, directions[i],
						    &self->bed.tx, 1, 0));
}

TEST_F(keys, A2_sending_moves_to_a_new_epoch_at_once)
{
	struct bed *bed = &self->bed;
	struct secret next;

	secret_make(&next, bed->tx.cipher, 9);
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &bed->tx, 1, 0));
	ASSERT_EQ(3, send(bed->fd, "one", 3, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 0, "one", 3);
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &next, 4, 9));
	EXPECT_EQ(1, dtls_net_stat("DtlsCurrTx"));
	bed->tx = next;
	ASSERT_EQ(4, send(bed->fd, "four", 4, 0));
	EXPECT_SEALED(RECORD_DATA, 4, 9, "four", 4);
	EXPECT_STATS(bed->fd, .tx_records = 2);
}

/* The number that comes back must be one that was never used. */
TEST_F(keys, A3_numbers_end_at_2_to_the_48)
{
	struct bed *bed = &self->bed;
	struct secret next;

	/* The cipher's own limit comes long before. */
	ASSERT_EQ(0, dtls_params(bed->fd, DTLS_WINDOW_DEFAULT,
				 DTLS_PARAM_SOFT_LIMITS));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &bed->tx, 1, RECORD_SEQ_MAX - 1));
	ASSERT_EQ(3, send(bed->fd, "one", 3, 0));
	EXPECT_SEALED(RECORD_DATA, 1, RECORD_SEQ_MAX - 1, "one", 3);
	ASSERT_EQ(3, send(bed->fd, "two", 3, 0));
	EXPECT_SEALED(RECORD_DATA, 1, RECORD_SEQ_MAX, "two", 3);
	for (int i = 0; i < 3; i++) {
		EXPECT_ERRNO(EKEYEXPIRED, send(bed->fd, "three", 5, 0));
		EXPECT_UNSENT();
	}
	EXPECT_STATS(bed->fd, .tx_records = 2);
	secret_make(&next, bed->tx.cipher, 9);
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &next, 2, 0));
	bed->tx = next;
	ASSERT_EQ(4, send(bed->fd, "four", 4, 0));
	EXPECT_SEALED(RECORD_DATA, 2, 0, "four", 4);
}

TEST_F(keys, getting_never_tells_the_key)
{
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &bed->tx, 3, 100));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 5, 200));
	expect_told(_metadata, bed, TLS_TX, 3, 100);
	expect_told(_metadata, bed, TLS_RX, 5, 200);
	ASSERT_EQ(4, send(bed->fd, "here", 4, 0));
	expect_told(_metadata, bed, TLS_TX, 3, 101);
	INJECT(RECORD_DATA, 5, 1000, "there", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
	expect_told(_metadata, bed, TLS_RX, 5, 1001);
	INJECT(RECORD_DATA, 5, 999, "there", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
	expect_told(_metadata, bed, TLS_RX, 5, 1001);
}

TEST_F(keys, getting_needs_a_key)
{
	union crypto_info ci;
	socklen_t len = (socklen_t)dtls_crypto_info(&ci, &self->bed.tx, 0, 0);

	for (size_t i = 0; i < ARRAY_SIZE(directions); i++) {
		EXPECT_EQ(ENOENT, get(self->bed.fd, directions[i], &ci, len));
		EXPECT_EQ(ENOENT, get(self->bed.fd, directions[i], &ci,
				      sizeof(struct tls_crypto_info)));
	}
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_TX, &self->bed.tx, 1, 0));
	EXPECT_EQ(0, get(self->bed.fd, TLS_TX, &ci, len));
	EXPECT_EQ(ENOENT, get(self->bed.fd, TLS_RX, &ci, len));
}

TEST_F(keys, getting_another_length_is_refused)
{
	union crypto_info ci;
	size_t right = dtls_crypto_info(&ci, &self->bed.tx, 1, 0);

	for (size_t i = 0; i < ARRAY_SIZE(directions); i++) {
		const struct secret *secret =
			secret_of(&self->bed, directions[i]);

		ASSERT_EQ(0,
			  dtls_key(self->bed.fd, directions[i], secret, 1, 0));
		for (size_t len = 0; len <= right + 1; len++) {
			if (len != right &&
			    len != sizeof(struct tls_crypto_info)) {
				EXPECT_EQ(EINVAL, get(self->bed.fd,
						      directions[i], &ci, len))
				TH_LOG("length %zu", len);
			}
		}
	}
}

TEST_F(keys, getting_to_a_bad_pointer_is_refused)
{
	union crypto_info ci;
	socklen_t len = (socklen_t)dtls_crypto_info(&ci, &self->bed.tx, 1, 0);
	int fd = self->bed.fd;

	ASSERT_EQ(0, dtls_key(fd, TLS_TX, &self->bed.tx, 1, 0));
	EXPECT_ERRNO(EFAULT, getsockopt(fd, SOL_TLS, TLS_TX, NULL, &len));
	EXPECT_ERRNO(EFAULT, getsockopt(fd, SOL_TLS, TLS_TX, &ci, NULL));
}

/* Threads that install a key for the same epoch: one of them does. */
struct installer {
	const struct bed *bed;
	struct secret secret;
	uint16_t epoch;
	int direction, err;
};

static void *install(void *arg)
{
	struct installer *installer = arg;

	installer->err = dtls_key(installer->bed->fd, installer->direction,
				  &installer->secret, installer->epoch, 0) ?
				 errno :
				 0;
	return NULL;
}

TEST_F(keys, A4_B9_race_for_an_epoch_has_one_winner)
{
	enum {
		THREADS = 3,
		ROUNDS = 10
	};
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, bed_unpin_cpu());
	for (uint16_t round = 1; round <= ROUNDS; round++) {
		struct installer installer[THREADS];
		pthread_t thread[THREADS];
		int winners = 0;

		for (int i = 0; i < THREADS; i++) {
			installer[i] = (struct installer) {
				.bed = bed,
				.epoch = round,
				.direction = directions[round % 2],
			};
			secret_make(&installer[i].secret, bed->tx.cipher,
				    10u * round + i);
			ASSERT_EQ(0, pthread_create(&thread[i], NULL, install,
						    &installer[i]));
		}
		for (int i = 0; i < THREADS; i++) {
			ASSERT_EQ(0, pthread_join(thread[i], NULL));
			if (installer[i].err) {
				EXPECT_EQ(EBUSY, installer[i].err);
				continue;
			}
			winners++;
			if (installer[i].direction == TLS_TX)
				bed->tx = installer[i].secret;
		}
		EXPECT_EQ(1, winners);
	}
	EXPECT_EQ(1, dtls_net_stat("DtlsCurrTx"));
	ASSERT_EQ(0, bed_pin_cpu());
	ASSERT_EQ(4, send(bed->fd, "here", 4, 0));
	/* directions[0] is TLS_TX: even rounds were its. */
	EXPECT_SEALED(RECORD_DATA, ROUNDS, 0, "here", 4);
}

TEST_F(keys, unknown_options_are_told)
{
	static const int names[] = { 0, 5, 63, 75, 1000 };
	uint32_t value = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_EQ(ENOPROTOOPT,
			  get(self->bed.fd, names[i], &value, sizeof(value)));
		EXPECT_NO_CHANGE(ENOPROTOOPT, set(self->bed.fd, names[i],
						  &value, sizeof(value)));
	}
}

TEST_HARNESS_MAIN
