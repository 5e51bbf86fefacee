package simulator

import "testing"

// TestEveryKeyCanDecryptALogin makes enough keys that the one in twenty with which nobody could log in would show.
func TestEveryKeyCanDecryptALogin(t *testing.T) {
	for range 5 {
		key, err := usableKey()
		if err != nil {
			t.Fatal(err)
		}
		if len(key.D.Bytes()) != key.Size() {
			t.Fatalf("private exponent of %d bytes, modulus of %d", len(key.D.Bytes()), key.Size())
		}
	}
}
