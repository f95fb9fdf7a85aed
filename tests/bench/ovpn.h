/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_OVPN_H
#define BENCH_OVPN_H

int ovpn_connect(int here, int there);

#endif /* BENCH_OVPN_H */
