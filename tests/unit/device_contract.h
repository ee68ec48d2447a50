/* What raft/device.h promises, tried on whichever implementation is linked.
 *
 * Thread: one.
 */
#ifndef TESTS_UNIT_DEVICE_CONTRACT_H
#define TESTS_UNIT_DEVICE_CONTRACT_H

/**
 * Run the tests of the contract.
 *
 * @path  A directory that does not exist yet, below one that does.
 *
 * Returns how many have failed.
 */
int device_contract_run(const char *path);

#endif
