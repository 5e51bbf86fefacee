// Empty: it lets functions without a body stand in library.go, whose bodies the linker takes from the library.
