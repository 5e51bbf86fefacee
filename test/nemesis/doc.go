// Package nemesis does to real processes what happens to them: the supervisor and the virtual plant run beside the test, over real
// sockets and with real files, and the test kills them at their system calls, lets calls fail, stops and continues them, fills
// their disk and cuts their wires. Package checker says afterwards whether anything was lost or done twice.
//
// It draws no fault of the plant's own catalogue by chance; test/campaign does. What it does at system calls is
// skipped, with the reason, where the kernel lets nobody ask. LINECTL_POINTS is how many kill points the sweep
// makes.
package nemesis
