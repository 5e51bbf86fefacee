package nemesis

const seccompCall = 277 // of arm64
