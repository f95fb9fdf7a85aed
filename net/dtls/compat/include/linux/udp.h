/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_COMPAT_LINUX_UDP_H
#define _DTLS_COMPAT_LINUX_UDP_H

#include_next <linux/udp.h>

/* Before 6.7 they were members. */
#ifndef udp_test_bit
#define DTLS_COMPAT_UDP_CORK		corkflag
#define DTLS_COMPAT_UDP_GRO_ENABLED	gro_enabled
#define udp_test_bit(nr, sk)	(udp_sk(sk)->DTLS_COMPAT_UDP_##nr)
#define udp_clear_bit(nr, sk)	(udp_sk(sk)->DTLS_COMPAT_UDP_##nr = 0)
#endif

#endif /* _DTLS_COMPAT_LINUX_UDP_H */
