package nemesis

const seccompCall = 317 // of amd64
