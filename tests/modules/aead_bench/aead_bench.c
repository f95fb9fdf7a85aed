// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel's AEADs take by themselves, as a user in process context has
 * them: in place, with a request that's used again. Reading
 * /sys/kernel/debug/aead_bench measures.
 */
#include <crypto/aead.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <asm/msr.h>

#define AAD_LEN       13
#define TAG_LEN       16
#define SIZE_MAX_HERE 16384
#define SAMPLES       63

static const struct cipher {
	const char *name, *alg;
	unsigned int key_len;
	u8 first_iv_byte; /* CCM: the length of its lengths, less one */
} ciphers[] = {
	{ "AES-128-GCM", "gcm(aes)", 16 },
	{ "AES-256-GCM", "gcm(aes)", 32 },
	{ "CHACHA20-POLY1305", "rfc7539(chacha20,poly1305)", 32 },
	{ "AES-128-CCM", "ccm(aes)", 16, 2 },
};

static const unsigned int sizes[] = { 64, 512, 1400, 16384 };

/* One operation's memory; nothing in a scatterlist may be on the stack. */
struct bench {
	struct crypto_wait wait;
	struct crypto_aead *tfm;
	struct aead_request *req;
	struct scatterlist sg[2];
	u8 aad[AAD_LEN];
	u8 iv[16];
	u8 text[SIZE_MAX_HERE + TAG_LEN];
	u64 sealed[SAMPLES], opened[SAMPLES];
};

static int compare(const void *a, const void *b)
{
	const u64 *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static u64 median(u64 *values)
{
	sort(values, SAMPLES, sizeof(*values), compare, NULL);
	return values[SAMPLES / 2];
}

/* What looking at the counter adds to each difference. */
static u64 overhead(void)
{
	u64 begin, took, least = U64_MAX;
	int i;

	for (i = 0; i < 1000; i++) {
		begin = rdtsc_ordered();
		took = rdtsc_ordered() - begin;
		least = min(least, took);
	}
	return least;
}

static int seal(struct bench *bench, unsigned int size, u64 *took)
{
	u64 begin = rdtsc_ordered();
	int err;

	aead_request_set_crypt(bench->req, bench->sg, bench->sg, size,
			       bench->iv);
	err = crypto_wait_req(crypto_aead_encrypt(bench->req), &bench->wait);
	*took = rdtsc_ordered() - begin;
	return err;
}

static int open_sealed(struct bench *bench, unsigned int size, u64 *took)
{
	u64 begin = rdtsc_ordered();
	int err;

	aead_request_set_crypt(bench->req, bench->sg, bench->sg, size + TAG_LEN,
			       bench->iv);
	err = crypto_wait_req(crypto_aead_decrypt(bench->req), &bench->wait);
	*took = rdtsc_ordered() - begin;
	return err;
}

static int measure(struct bench *bench, unsigned int size)
{
	u64 none;
	int i, err;

	sg_init_table(bench->sg, ARRAY_SIZE(bench->sg));
	sg_set_buf(&bench->sg[0], bench->aad, AAD_LEN);
	sg_set_buf(&bench->sg[1], bench->text, size + TAG_LEN);
	for (i = -4; i < SAMPLES; i++) {
		/* Whoever waits for the processor would make each call longer. */
		cond_resched();
		err = seal(bench, size, i < 0 ? &none : &bench->sealed[i]);
		if (err)
			return err;
		err = open_sealed(bench, size,
				  i < 0 ? &none : &bench->opened[i]);
		if (err)
			return err;
	}
	return 0;
}

static int set_key(struct bench *bench, const struct cipher *cipher)
{
	static const u8 key[32] = { 1, 2, 3 };
	int err;

	err = crypto_aead_setkey(bench->tfm, key, cipher->key_len);
	if (!err)
		err = crypto_aead_setauthsize(bench->tfm, TAG_LEN);
	if (err)
		return err;
	bench->req = aead_request_alloc(bench->tfm, GFP_KERNEL);
	if (!bench->req)
		return -ENOMEM;
	memset(bench->iv, 0, sizeof(bench->iv));
	bench->iv[0] = cipher->first_iv_byte;
	crypto_init_wait(&bench->wait);
	aead_request_set_callback(bench->req,
				  CRYPTO_TFM_REQ_MAY_SLEEP |
					  CRYPTO_TFM_REQ_MAY_BACKLOG,
				  crypto_req_done, &bench->wait);
	aead_request_set_ad(bench->req, AAD_LEN);
	return 0;
}

static int show_sizes(struct seq_file *seq, struct bench *bench,
		      const struct cipher *cipher)
{
	u64 none = overhead();
	int i, err;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		err = measure(bench, sizes[i]);
		if (err)
			return err;
		seq_printf(seq, "aead,%s,%u,1,%llu,%llu,\n", cipher->name,
			   sizes[i], median(bench->sealed) - none,
			   median(bench->opened) - none);
	}
	return 0;
}

static int show_cipher(struct seq_file *seq, struct bench *bench,
		       const struct cipher *cipher)
{
	int err;

	bench->tfm = crypto_alloc_aead(cipher->alg, 0, 0);
	if (IS_ERR(bench->tfm))
		return PTR_ERR(bench->tfm);
	bench->req = NULL;
	err = set_key(bench, cipher);
	if (!err)
		err = show_sizes(seq, bench, cipher);
	aead_request_free(bench->req);
	crypto_free_aead(bench->tfm);
	return err;
}

static int aead_bench_show(struct seq_file *seq, void *unused)
{
	struct bench *bench;
	int i, err = 0;

	bench = kzalloc(sizeof(*bench), GFP_KERNEL);
	if (!bench)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(ciphers) && !err; i++)
		err = show_cipher(seq, bench, &ciphers[i]);
	kfree(bench);
	return err;
}
DEFINE_SHOW_ATTRIBUTE(aead_bench);

static struct dentry *file;

static int __init aead_bench_init(void)
{
	file = debugfs_create_file("aead_bench", 0400, NULL, NULL,
				   &aead_bench_fops);
	return PTR_ERR_OR_ZERO(file);
}
module_init(aead_bench_init);

static void __exit aead_bench_exit(void)
{
	debugfs_remove(file);
}
module_exit(aead_bench_exit);

MODULE_DESCRIPTION("What the kernel's AEADs take by themselves");
MODULE_LICENSE("GPL");
