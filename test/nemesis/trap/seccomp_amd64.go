package main

const seccompCall = 317 // of amd64
