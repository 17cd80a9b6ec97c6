package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// checkAllUpTo is the largest log of which every leaf's inclusion is proven; of a larger one, a fixed sample is.
const (
	checkAllUpTo = 2000
	sampleSize   = 500
)

// maxProofHashes bounds a proof: no tree of int64 size has a longer one.
const maxProofHashes = 63

// ---- checkpoints

// openCheckpoint verifies a signed note with the pinned key and reads c2sp.org/tlog-checkpoint from its text.
func openCheckpoint(msg []byte, vkey string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("%w: -vkey: %v", errUsage, err)
	}
	opened, err := note.Open(msg, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %w", err)
	}

	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %d lines of text, want 3 (extension lines are not used here)", len(lines)-1)
	}
	if lines[0] != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("checkpoint: origin %q, but the pinned key is that of %q", lines[0], verifier.Name())
	}
	size, err := parseDecimal(lines[1])
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: size: %w", err)
	}
	root, err := parseHash(lines[2])
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: root: %w", err)
	}
	if size == 0 && root != tlog.Hash(sha256.Sum256(nil)) {
		return tlog.Tree{}, errors.New("checkpoint: the root of an empty log must be SHA-256 of nothing")
	}
	return tlog.Tree{N: size, Hash: root}, nil
}

// parseDecimal accepts only the one way to write a number: digits, no sign, no leading zero.
func parseDecimal(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return 0, fmt.Errorf("%q is not a canonical decimal", s)
	}
	return n, nil
}

// parseHash accepts only the one way to write 32 bytes in base64.
func parseHash(s string) (tlog.Hash, error) {
	var hash tlog.Hash
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != tlog.HashSize || base64.StdEncoding.EncodeToString(b) != s {
		return hash, fmt.Errorf("%q is not the base64 of %d bytes", s, tlog.HashSize)
	}
	copy(hash[:], b)
	return hash, nil
}

func parseHashes(lines []string) ([]tlog.Hash, error) {
	if len(lines) > maxProofHashes {
		return nil, fmt.Errorf("proof has %d hashes, more than %d", len(lines), maxProofHashes)
	}
	hashes := make([]tlog.Hash, len(lines))
	for i, line := range lines {
		var err error
		if hashes[i], err = parseHash(line); err != nil {
			return nil, fmt.Errorf("proof hash %d: %w", i, err)
		}
	}
	return hashes, nil
}

// ---- log

func runLog(args []string) (string, error) {
	flags := flag.NewFlagSet("log", flag.ContinueOnError)
	vkey := flags.String("vkey", "", "")
	url := flags.String("url", "", "")
	key := flags.String("key", "", "")
	dir := flags.String("dir", "", "")
	if err := parse(flags, args, 0); err != nil {
		return "", err
	}
	if *vkey == "" || (*url == "") == (*dir == "") {
		return "", fmt.Errorf("%w: -vkey and one of -url and -dir are needed", errUsage)
	}
	var src source = dirSource(*dir)
	if *url != "" {
		src = newHTTPSource(*url, *key)
	}

	msg, err := src.get("checkpoint", maxCheckpoint)
	if err != nil {
		return "", fmt.Errorf("checkpoint: %w", err)
	}
	tree, err := openCheckpoint(msg, *vkey)
	if err != nil {
		return "", err
	}
	stored, err := hashEntries(src, tree)
	if err != nil {
		return "", err
	}
	if err := checkUpperTiles(src, tree, stored); err != nil {
		return "", err
	}
	proven, sizes, err := checkProofs(src, tree, stored)
	if err != nil {
		return "", err
	}
	origin, _, _ := strings.Cut(string(msg), "\n")
	fmt.Fprintf(os.Stderr, "entries hashed: %d, inclusion proven: %d, earlier sizes proven consistent: %d\n", tree.N, proven, sizes)
	return fmt.Sprintf("ok: origin=%s size=%d root=%s", origin, tree.N, base64.StdEncoding.EncodeToString(tree.Hash[:])), nil
}

// storedHashes are the hashes of all perfect subtrees, in tlog's order, computed from the entries alone.
type storedHashes []tlog.Hash

func (s storedHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x < 0 || x >= int64(len(s)) {
			return nil, fmt.Errorf("stored hash %d of %d", x, len(s))
		}
		hashes[i] = s[x]
	}
	return hashes, nil
}

// append adds one leaf and the nodes that it completes.
func (s storedHashes) append(index int64, leaf tlog.Hash) (storedHashes, error) {
	hashes, err := tlog.StoredHashesForRecordHash(index, leaf, s)
	return append(s, hashes...), err
}

// hashEntries reads every bundle, compares every leaf hash with its tile, and the root with the signed one.
func hashEntries(src source, tree tlog.Tree) (storedHashes, error) {
	var stored storedHashes
	for first := int64(0); first < tree.N; first += 1 << tileHeight {
		tile := tlog.Tile{H: tileHeight, L: 0, N: first >> tileHeight, W: width(tree.N, 0, first>>tileHeight)}
		entries, err := getBundle(src, tile)
		if err != nil {
			return nil, err
		}
		leaves, err := getTile(src, tile)
		if err != nil {
			return nil, err
		}
		for i, entry := range entries {
			index := first + int64(i)
			if !utf8.Valid(entry) || !json.Valid(entry) || !bytes.HasPrefix(entry, []byte("{")) {
				return nil, fmt.Errorf("entry %d is not a JSON object", index)
			}
			leaf := tlog.RecordHash(entry)
			if !bytes.Equal(leaf[:], leaves[i*tlog.HashSize:(i+1)*tlog.HashSize]) {
				return nil, fmt.Errorf("entry %d hashes to %s, its tile %s says otherwise", index, leaf, tilePath(tile))
			}
			if stored, err = stored.append(index, leaf); err != nil {
				return nil, err
			}
		}
	}

	if tree.N == 0 {
		return stored, nil // The signed root of an empty log was compared when the checkpoint was opened.
	}
	root, err := tlog.TreeHash(tree.N, stored)
	if err != nil {
		return nil, err
	}
	if root != tree.Hash {
		return nil, fmt.Errorf("the entries' root is %s, the checkpoint signs %s", root, tree.Hash)
	}
	return stored, nil
}

// checkUpperTiles compares every tile above level 0 with what the entries demand.
func checkUpperTiles(src source, tree tlog.Tree, stored storedHashes) error {
	for level := 1; tree.N>>(tileHeight*level) > 0; level++ {
		for n := int64(0); width(tree.N, level, n) > 0; n++ {
			tile := tlog.Tile{H: tileHeight, L: level, N: n, W: width(tree.N, level, n)}
			want, err := tlog.ReadTileData(tile, stored)
			if err != nil {
				return err
			}
			got, err := getTile(src, tile)
			if err != nil {
				return err
			}
			if !bytes.Equal(got, want) {
				return fmt.Errorf("%s differs from the hashes of the entries below it", tilePath(tile))
			}
		}
	}
	return nil
}

// width says how many hashes tile n of a level has in a tree of the given size; 0 where there is no such tile.
func width(size int64, level int, n int64) int {
	hashes := size>>(tileHeight*level) - n<<tileHeight
	switch {
	case hashes < 0:
		return 0
	case hashes > 1<<tileHeight:
		return 1 << tileHeight
	}
	return int(hashes)
}

// checkProofs makes proofs from the served tiles alone, as a client without the entries would, and checks them.
func checkProofs(src source, tree tlog.Tree, stored storedHashes) (proven, sizes int, err error) {
	reader := tlog.TileHashReader(tree, &tileReader{src, map[tlog.Tile][]byte{}})
	for _, index := range sample(tree.N) {
		proof, err := tlog.ProveRecord(tree.N, index, reader)
		if err != nil {
			return 0, 0, fmt.Errorf("inclusion of entry %d: %w", index, err)
		}
		leaf := stored[tlog.StoredHashIndex(0, index)]
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf); err != nil {
			return 0, 0, fmt.Errorf("inclusion of entry %d: %w", index, err)
		}
		proven++
	}

	for _, size := range earlierSizes(tree.N) {
		proof, err := tlog.ProveTree(tree.N, size, reader)
		if err != nil {
			return 0, 0, fmt.Errorf("consistency with size %d: %w", size, err)
		}
		root, err := tlog.TreeHash(size, stored)
		if err != nil {
			return 0, 0, err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, size, root); err != nil {
			return 0, 0, fmt.Errorf("consistency with size %d: %w", size, err)
		}
		sizes++
	}
	return proven, sizes, nil
}

// sample chooses the leaves to prove: all of a small log, else both ends and evenly spread ones between.
func sample(size int64) []int64 {
	count := size
	if size > checkAllUpTo {
		count = sampleSize
	}
	indexes := make([]int64, count)
	for i := range indexes {
		indexes[i] = int64(i)
		if count != size {
			step := (size - 1) / (count - 1)
			indexes[i] = int64(i) * step
		}
	}
	if count > 0 {
		indexes[count-1] = size - 1
	}
	return indexes
}

// earlierSizes are the borders where proofs change shape: around powers of two, tiles and the middle.
func earlierSizes(size int64) []int64 {
	seen := map[int64]bool{}
	var sizes []int64
	add := func(n int64) {
		if n >= 1 && n <= size && !seen[n] {
			seen[n] = true
			sizes = append(sizes, n)
		}
	}
	for power := int64(1); power > 0 && power <= size; power *= 2 {
		add(power - 1)
		add(power)
		add(power + 1)
	}
	for _, n := range []int64{size / 3, size / 2, size - 1, size} {
		add(n)
	}
	return sizes
}

// ---- proof

func runProof(args []string) (string, error) {
	flags := flag.NewFlagSet("proof", flag.ContinueOnError)
	vkey := flags.String("vkey", "", "")
	entryFile := flags.String("entry", "", "")
	if err := parse(flags, args, 1); err != nil {
		return "", err
	}
	if *vkey == "" || *entryFile == "" {
		return "", fmt.Errorf("%w: -vkey and -entry are needed", errUsage)
	}
	entry, err := os.ReadFile(*entryFile)
	if err != nil {
		return "", fmt.Errorf("%w: %v", errUsage, err)
	}
	file, err := os.ReadFile(flags.Arg(0))
	if err != nil {
		return "", fmt.Errorf("%w: %v", errUsage, err)
	}

	index, hashes, checkpoint, err := parseProof(file)
	if err != nil {
		return "", err
	}
	tree, err := openCheckpoint(checkpoint, *vkey)
	if err != nil {
		return "", err
	}
	if err := tlog.CheckRecord(hashes, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
		return "", fmt.Errorf("entry is not proven at index %d of size %d: %w", index, tree.N, err)
	}
	return fmt.Sprintf("ok: index=%d size=%d root=%s", index, tree.N, base64.StdEncoding.EncodeToString(tree.Hash[:])), nil
}

// parseProof splits a c2sp.org/tlog-proof file. Its "extra" line is not authenticated, so it is only skipped.
func parseProof(file []byte) (index int64, proof tlog.RecordProof, checkpoint []byte, err error) {
	head, checkpoint, ok := bytes.Cut(file, []byte("\n\n"))
	if !ok {
		return 0, nil, nil, errors.New("proof: no empty line")
	}
	lines := strings.Split(string(head), "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		return 0, nil, nil, fmt.Errorf("proof: first line is %q", lines[0])
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		if _, err := base64.StdEncoding.Strict().DecodeString(strings.TrimPrefix(lines[0], "extra ")); err != nil {
			return 0, nil, nil, errors.New("proof: the extra line is not base64")
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return 0, nil, nil, errors.New("proof: no index line")
	}
	if index, err = parseDecimal(strings.TrimPrefix(lines[0], "index ")); err != nil {
		return 0, nil, nil, fmt.Errorf("proof: index: %w", err)
	}
	hashes, err := parseHashes(lines[1:])
	return index, hashes, checkpoint, err
}

// ---- consistency

func runConsistency(args []string) (string, error) {
	flags := flag.NewFlagSet("consistency", flag.ContinueOnError)
	vkey := flags.String("vkey", "", "")
	oldFile := flags.String("old", "", "")
	url := flags.String("url", "", "")
	key := flags.String("key", "", "")
	proofFile := flags.String("proof", "", "")
	if err := parse(flags, args, 0); err != nil {
		return "", err
	}
	if *vkey == "" || *oldFile == "" || (*url == "") == (*proofFile == "") {
		return "", fmt.Errorf("%w: -vkey, -old and one of -url and -proof are needed", errUsage)
	}
	oldNote, err := os.ReadFile(*oldFile)
	if err != nil {
		return "", fmt.Errorf("%w: %v", errUsage, err)
	}
	old, err := openCheckpoint(oldNote, *vkey)
	if err != nil {
		return "", fmt.Errorf("old %w", err)
	}

	var from int64
	var proof tlog.TreeProof
	var tree tlog.Tree
	if *url != "" {
		from, proof, tree, err = fetchConsistency(newHTTPSource(*url, *key), *vkey, old)
	} else {
		from, proof, tree, err = readConsistency(*proofFile, *vkey)
	}
	if err != nil {
		return "", err
	}
	if from != old.N {
		return "", fmt.Errorf("the proof starts at size %d, the old checkpoint is of size %d", from, old.N)
	}
	if err := checkTree(proof, tree, old); err != nil {
		return "", err
	}
	return fmt.Sprintf("ok: from=%d to=%d root=%s", old.N, tree.N, base64.StdEncoding.EncodeToString(tree.Hash[:])), nil
}

// checkTree adds to tlog.CheckTree the empty old tree: it is a prefix of everything and takes an empty proof.
func checkTree(proof tlog.TreeProof, tree, old tlog.Tree) error {
	switch {
	case old.N > tree.N:
		return fmt.Errorf("the log shrank from %d to %d", old.N, tree.N)
	case old.N == 0 && len(proof) != 0:
		return errors.New("a proof from size 0 must be empty")
	case old.N == 0:
		return nil
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
		return fmt.Errorf("size %d is not a prefix of size %d: %w", old.N, tree.N, err)
	}
	return nil
}

func fetchConsistency(src *httpSource, vkey string, old tlog.Tree) (int64, tlog.TreeProof, tlog.Tree, error) {
	msg, err := src.get("checkpoint", maxCheckpoint)
	if err != nil {
		return 0, nil, tlog.Tree{}, fmt.Errorf("checkpoint: %w", err)
	}
	tree, err := openCheckpoint(msg, vkey)
	if err != nil {
		return 0, nil, tlog.Tree{}, err
	}
	if old.N > tree.N {
		return 0, nil, tlog.Tree{}, fmt.Errorf("the log shrank from %d to %d", old.N, tree.N)
	}

	at := strings.LastIndex(src.prefix, "/logs/")
	if at < 0 {
		return 0, nil, tlog.Tree{}, fmt.Errorf("%w: -url must end in /logs/NAME", errUsage)
	}
	url := fmt.Sprintf("%s/api%s/consistency?from=%d&to=%d", src.prefix[:at], src.prefix[at:], old.N, tree.N)
	body, err := src.fetch(url, maxAnswer)
	if err != nil {
		return 0, nil, tlog.Tree{}, fmt.Errorf("consistency: %w", err)
	}
	var answer struct {
		From, To int64
		Proof    []string
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return 0, nil, tlog.Tree{}, fmt.Errorf("consistency: %w", err)
	}
	if answer.To != tree.N {
		return 0, nil, tlog.Tree{}, fmt.Errorf("consistency: asked for size %d, got %d", tree.N, answer.To)
	}
	hashes, err := parseHashes(answer.Proof)
	return answer.From, hashes, tree, err
}

// readConsistency reads the body of a witness's add-checkpoint: "old N", hashes, an empty line, the new checkpoint.
func readConsistency(path, vkey string) (int64, tlog.TreeProof, tlog.Tree, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return 0, nil, tlog.Tree{}, fmt.Errorf("%w: %v", errUsage, err)
	}
	head, msg, ok := bytes.Cut(file, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !ok || !strings.HasPrefix(lines[0], "old ") {
		return 0, nil, tlog.Tree{}, fmt.Errorf("%s: no \"old\" line, or no empty line", path)
	}
	from, err := parseDecimal(strings.TrimPrefix(lines[0], "old "))
	if err != nil {
		return 0, nil, tlog.Tree{}, fmt.Errorf("%s: %w", path, err)
	}
	hashes, err := parseHashes(lines[1:])
	if err != nil {
		return 0, nil, tlog.Tree{}, fmt.Errorf("%s: %w", path, err)
	}
	tree, err := openCheckpoint(msg, vkey)
	return from, hashes, tree, err
}

// ---- receipt

type receipt struct {
	Origin     string   `json:"origin"`
	Log        string   `json:"log"`
	Index      int64    `json:"index"`
	ID         string   `json:"id"`
	LeafHash   string   `json:"leaf_hash"`
	ReceivedAt string   `json:"received_at"`
	Position   int64    `json:"position"`
	Path       []string `json:"path"`
	// Note stands here where the receipt is a repeat's, whose group had a note of its own.
	Note string `json:"receipt_note,omitempty"`
}

func runReceipt(args []string) (string, error) {
	flags := flag.NewFlagSet("receipt", flag.ContinueOnError)
	vkey := flags.String("vkey", "", "")
	entryFile := flags.String("entry", "", "")
	if err := parse(flags, args, 1); err != nil {
		return "", err
	}
	if *vkey == "" {
		return "", fmt.Errorf("%w: -vkey is needed", errUsage)
	}
	verifier, err := note.NewVerifier(*vkey)
	if err != nil {
		return "", fmt.Errorf("%w: -vkey: %v", errUsage, err)
	}
	file, err := os.ReadFile(flags.Arg(0))
	if err != nil {
		return "", fmt.Errorf("%w: %v", errUsage, err)
	}
	var answer struct {
		Receipts []receipt `json:"receipts"`
		Note     string    `json:"receipt_note"`
	}
	if err := json.Unmarshal(file, &answer); err != nil {
		return "", fmt.Errorf("receipt file: %w", err)
	}
	if len(answer.Receipts) == 0 {
		return "", errors.New("no receipts in the file: nothing was checked")
	}

	for i, r := range answer.Receipts {
		if r.Note == "" {
			r.Note = answer.Note
		}
		if err := checkReceipt(r, verifier); err != nil {
			return "", fmt.Errorf("receipt %d (%s index %d): %w", i, r.Log, r.Index, err)
		}
	}
	if *entryFile != "" {
		entry, err := os.ReadFile(*entryFile)
		if err != nil {
			return "", fmt.Errorf("%w: %v", errUsage, err)
		}
		leaf := tlog.RecordHash(entry)
		if len(answer.Receipts) != 1 || answer.Receipts[0].LeafHash != base64.StdEncoding.EncodeToString(leaf[:]) {
			return "", fmt.Errorf("the entry hashes to %s, which is not the one receipt's leaf hash", leaf)
		}
	}
	return fmt.Sprintf("ok: receipts=%d key=%s", len(answer.Receipts), verifier.Name()), nil
}

// checkReceipt checks a durable receipt: a signed note over an RFC 6962 tree of the group's receipt leaves.
func checkReceipt(r receipt, verifier note.Verifier) error {
	// The key's name is <host>/receipts and speaks only for that host's logs.
	host := strings.TrimSuffix(verifier.Name(), "/receipts")
	if host == verifier.Name() || r.Origin != host+"/logs/"+r.Log {
		return fmt.Errorf("origin %q of log %q is not for key %q to vouch for", r.Origin, r.Log, verifier.Name())
	}
	if _, err := parseHash(r.LeafHash); err != nil {
		return fmt.Errorf("leaf hash: %w", err)
	}
	if strings.ContainsAny(r.Origin+r.ReceivedAt+r.ID, "\n") || r.Index < 0 || r.ID == "" || r.ReceivedAt == "" {
		return errors.New("a member is missing, negative or holds a line break")
	}
	path, err := parseHashes(r.Path)
	if err != nil {
		return err
	}

	opened, err := note.Open([]byte(r.Note), note.VerifierList(verifier))
	if err != nil {
		return fmt.Errorf("receipt note: %w", err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != "indelible.dev/receipt/v1" {
		return errors.New("receipt note: its text is not indelible.dev/receipt/v1, a count and a root")
	}
	count, err := parseDecimal(lines[1])
	if err != nil {
		return fmt.Errorf("receipt note: count: %w", err)
	}
	root, err := parseHash(lines[2])
	if err != nil {
		return fmt.Errorf("receipt note: root: %w", err)
	}
	if err := tlog.CheckRecord(path, count, root, r.Position, tlog.RecordHash(receiptLeaf(r))); err != nil {
		return fmt.Errorf("not under the signed root: %w", err)
	}
	return nil
}

// receiptLeaf is what the receipts key vouches for, one member a line.
func receiptLeaf(r receipt) []byte {
	return []byte(fmt.Sprintf("%s\n%d\n%s\n%s\n%s\n", r.Origin, r.Index, r.LeafHash, r.ReceivedAt, r.ID))
}
