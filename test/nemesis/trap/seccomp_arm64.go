package main

const seccompCall = 277 // of arm64
