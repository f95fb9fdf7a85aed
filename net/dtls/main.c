// SPDX-License-Identifier: GPL-2.0
/* kTLS for datagrams: DTLS records on UDP sockets. */
#include <linux/init.h>
#include <linux/module.h>

#include "aead.h"
#include "block.h"
#include "diag.h"
#include "epoch.h"
#include "offload.h"
#include "offload_hooks.h"
#include "proc.h"
#include "registry.h"
#include "sock.h"
#include "stats.h"

static int __init dtls_init(void)
{
	int err;

	err = dtls_stats_init();
	if (err)
		return err;
	err = dtls_epoch_init();
	if (err)
		goto exit_stats;
	err = dtls_offload_init();
	if (err)
		goto exit_epoch;
	err = dtls_proc_init();
	if (err)
		goto exit_offload;
	err = dtls_offload_hooks_init();
	if (err)
		goto exit_proc;
	err = dtls_registry_init();
	if (err)
		goto exit_offload_hooks;
	err = dtls_diag_init();
	if (err)
		goto exit_registry;
	err = dtls_sock_init();
	if (err)
		goto exit_diag;
	return 0;

exit_diag:
	dtls_diag_exit();
exit_registry:
	dtls_registry_exit();
exit_offload_hooks:
	dtls_offload_hooks_exit();
exit_proc:
	dtls_proc_exit();
exit_offload:
	dtls_offload_exit();
exit_epoch:
	dtls_epoch_exit();
exit_stats:
	dtls_stats_exit();
	return err;
}

static void __exit dtls_exit(void)
{
	dtls_sock_exit();
	dtls_diag_exit();
	dtls_registry_exit();
	dtls_epoch_exit();
	dtls_offload_hooks_exit();
	dtls_proc_exit();
	dtls_offload_exit();
	dtls_block_exit();
	dtls_aead_exit();
	dtls_stats_exit();
}

module_init(dtls_init);
module_exit(dtls_exit);

MODULE_DESCRIPTION("DTLS records on UDP sockets");
MODULE_AUTHOR("The kdtls authors");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
