package accounts

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// The lengths of a password: characters at least, bytes at most.
const (
	minPassword = 12
	maxPassword = 256
)

// refused are passwords long enough that people choose all the same, in small letters. It is short on purpose: it keeps out
// what is tried first, and the delay after failures does the rest.
var refused = map[string]bool{
	"password1234": true, "password12345": true, "password123456": true, "passwordpassword": true, "p@ssw0rd1234": true,
	"123456789012": true, "1234567890123": true, "1234567890ab": true, "012345678901": true, "qwertyuiop12": true, "qwertyuiop123": true,
	"qwertyuiopasdf": true, "1q2w3e4r5t6y": true, "1qaz2wsx3edc": true, "qazwsxedcrfv": true, "abcdefghijkl": true, "abcdef123456": true,
	"administrator": true, "administrator1": true, "admin1234567": true, "adminadmin12": true, "adminadminadmin": true, "operator1234": true,
	"maintenance1": true, "maintenance12": true, "commissioning": true, "commissioning1": true, "supervisor12": true, "supervisor123": true,
	"linectllinectl": true, "linectl12345": true, "linectl123456": true, "batterypack1": true, "batterypack12": true, "batterypacks1": true,
	"letmeinletmein": true, "letmein123456": true, "welcome12345": true, "welcome123456": true, "changeme1234": true, "changeme12345": true,
	"iloveyou1234": true, "simatic12345": true, "siemens12345": true, "wincc1234567": true, "ignition1234": true, "default12345": true,
	"defaultpassword": true, "secretpassword": true, "correcthorsebatterystaple": true, "trustno1trustno1": true, "pakistan1234": true,
}

// fewest is how many different characters a password needs.
const fewest = 5

// CheckPassword refuses a password that is too short, too long, among the first that are tried, or made of the user's name.
// The error says what to do and never repeats the password.
func CheckPassword(user, password string) error {
	small := strings.ToLower(password)
	different := map[rune]bool{}
	for _, r := range small {
		different[r] = true
	}
	switch {
	case !utf8.ValidString(password) || strings.ContainsAny(password, "\r\n\x00"):
		return fmt.Errorf("the password holds what no keyboard types; choose another one")
	case utf8.RuneCountInString(password) < minPassword:
		return fmt.Errorf("the password has fewer than %d characters; a few words that do not belong together are easy to keep", minPassword)
	case len(password) > maxPassword:
		return fmt.Errorf("the password is longer than %d bytes", maxPassword)
	case refused[small]:
		return fmt.Errorf("this password is among the first that are tried; choose another one")
	case len(different) < fewest:
		return fmt.Errorf("the password has fewer than %d different characters; choose another one", fewest)
	case user != "" && strings.Contains(small, strings.ToLower(user)):
		return fmt.Errorf("the password holds the name of its user; choose another one")
	}
	return nil
}
