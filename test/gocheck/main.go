// Gocheck checks an Indelible log from outside. It shares no code with Indelible: every hash, proof and signature is
// computed by Go's own transparency-log packages, golang.org/x/mod/sumdb/tlog and note.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

const usage = `gocheck checks an Indelible log from outside.

  gocheck log         -vkey V (-url URL [-key K] | -dir DIR)
  gocheck proof       -vkey V -entry FILE PROOFFILE
  gocheck consistency -vkey V -old CHECKPOINTFILE (-url URL [-key K] | -proof FILE)
  gocheck receipt     -vkey V [-entry FILE] RECEIPTFILE
  gocheck make        -dir OUT [-n N] [-seed S]

URL is the log's prefix, such as http://127.0.0.1:7480/logs/main; K is a reader's key.
Exit codes: 0 valid, 1 not valid ("FAIL: …" names the fault), 2 wrong usage.
`

// errUsage marks mistakes of the caller, as against faults of what is checked.
var errUsage = errors.New("wrong usage")

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}

	commands := map[string]func([]string) (string, error){
		"log":         runLog,
		"proof":       runProof,
		"consistency": runConsistency,
		"receipt":     runReceipt,
		"make":        runMake,
	}
	run, ok := commands[os.Args[1]]
	if !ok {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}

	summary, err := run(os.Args[2:])
	switch {
	case errors.Is(err, errUsage):
		fmt.Fprintf(os.Stderr, "gocheck %s: %v\n\n%s", os.Args[1], err, usage)
		os.Exit(2)
	case err != nil:
		fmt.Printf("FAIL: %v\n", err)
		os.Exit(1)
	}
	fmt.Println(summary)
}

// parse reads flags and exactly the wanted number of file arguments.
func parse(flags *flag.FlagSet, args []string, files int) error {
	flags.SetOutput(discard{})
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("%w: %v", errUsage, err)
	}
	if flags.NArg() != files {
		return fmt.Errorf("%w: %d file arguments, want %d", errUsage, flags.NArg(), files)
	}
	return nil
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
