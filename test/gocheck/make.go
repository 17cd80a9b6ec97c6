package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	madeHost   = "gocheck.example"
	madeOrigin = madeHost + "/logs/main"
	madeTime   = "2026-01-01T00:00:00.0000000Z"
)

// runMake writes a whole log of its own, so that Indelible can be tried on what Go made. The same -n and -seed give
// the same bytes.
func runMake(args []string) (string, error) {
	flags := flag.NewFlagSet("make", flag.ContinueOnError)
	dir := flags.String("dir", "", "")
	n := flags.Int64("n", 300, "")
	seed := flags.String("seed", "1", "")
	if err := parse(flags, args, 0); err != nil {
		return "", err
	}
	if *dir == "" || *n < 1 || *n > 1<<20 {
		return "", fmt.Errorf("%w: -dir is needed, and -n from 1 to %d", errUsage, 1<<20)
	}

	signer, vkey, err := deriveKey(madeOrigin, *seed)
	if err != nil {
		return "", err
	}
	out := writer{dir: *dir}
	var stored storedHashes
	var entries [][]byte
	for i := int64(0); i < *n; i++ {
		entry := madeEntry(i, *seed)
		entries = append(entries, entry)
		if stored, err = stored.append(i, tlog.RecordHash(entry)); err != nil {
			return "", err
		}
	}

	for _, tile := range tlog.NewTiles(tileHeight, 0, *n) {
		data, err := tlog.ReadTileData(tile, stored)
		if err != nil {
			return "", err
		}
		out.write(tilePath(tile), data)
		if tile.L == 0 {
			out.write(bundlePath(tile), formatBundle(entries[tile.N<<tileHeight:][:tile.W]))
		}
	}

	checkpoint, err := signTree(*n, stored, signer)
	if err != nil {
		return "", err
	}
	out.write("checkpoint", checkpoint)
	for _, index := range []int64{0, *n / 3, *n / 2, *n - 1} {
		proof, err := tlog.ProveRecord(*n, index, stored)
		if err != nil {
			return "", err
		}
		head := fmt.Sprintf("c2sp.org/tlog-proof@v1\nindex %d\n%s\n", index, hashLines(proof))
		out.write(fmt.Sprintf("proof-%d.tlog-proof", index), append([]byte(head), checkpoint...))
		out.write(fmt.Sprintf("entry-%d", index), entries[index])
	}

	old := (*n + 1) / 2
	oldCheckpoint, err := signTree(old, stored, signer)
	if err != nil {
		return "", err
	}
	consistency, err := tlog.ProveTree(*n, old, stored)
	if err != nil {
		return "", err
	}
	out.write(fmt.Sprintf("checkpoint-%d", old), oldCheckpoint)
	out.write("consistency.txt", append([]byte(fmt.Sprintf("old %d\n%s\n", old, hashLines(consistency))), checkpoint...))

	if err := makeReceipts(&out, entries, *seed); err != nil {
		return "", err
	}
	out.write("vkey", []byte(vkey+"\n"))
	return vkey, out.err
}

// writer writes files below dir and keeps the first error.
type writer struct {
	dir string
	err error
}

func (w *writer) write(path string, data []byte) {
	file := filepath.Join(w.dir, filepath.FromSlash(path))
	if w.err == nil {
		w.err = os.MkdirAll(filepath.Dir(file), 0o755)
	}
	if w.err == nil {
		w.err = os.WriteFile(file, data, 0o644)
	}
}

// deriveKey makes a name's key from a seed. A seed on a command line is no secret: this is for tests only.
func deriveKey(name, seed string) (note.Signer, string, error) {
	secret := sha256.Sum256([]byte("gocheck key\n" + name + "\n" + seed))
	public := ed25519.NewKeyFromSeed(secret[:]).Public().(ed25519.PublicKey)
	vkey, err := note.NewEd25519VerifierKey(name, public)
	if err != nil {
		return nil, "", err
	}
	id := strings.SplitN(vkey, "+", 3)[1]
	const ed25519Type = 0x01
	skey := "PRIVATE+KEY+" + name + "+" + id + "+" + base64.StdEncoding.EncodeToString(append([]byte{ed25519Type}, secret[:]...))
	signer, err := note.NewSigner(skey)
	return signer, vkey, err
}

// madeEntry is one small entry, a claim with the server's members, in canonical form (RFC 8785). Lengths and alphabets
// vary, so that borders move.
func madeEntry(i int64, seed string) []byte {
	noise := sha256.Sum256([]byte(fmt.Sprintf("%s/%d", seed, i)))
	text := []string{"read", "Grüße", "注文", "🔏 sealed", ""}[noise[0]%5] + strings.Repeat("·", int(noise[1]%40))
	return []byte(fmt.Sprintf(
		`{"action":"gocheck.make","actor":{"id":"u-%d","type":"user"},"id":"made-%d",`+
			`"ingest":{"auth_at":1,"key_id":"ind_w_made","principal":"gocheck","protocol":"api"},"message":"%s","outcome":"success",`+
			`"received_at":"%s","salt":"%s","schema":"audit/1","service":{"name":"gocheck"},"time":"2026-01-01T00:00:00Z"}`,
		noise[2]%16, i, text, madeTime, base64.RawURLEncoding.EncodeToString(noise[3:19])))
}

func formatBundle(entries [][]byte) []byte {
	var bundle []byte
	for _, entry := range entries {
		bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(entry)))
		bundle = append(bundle, entry...)
	}
	return bundle
}

func signTree(size int64, hashes tlog.HashReader, signer note.Signer) ([]byte, error) {
	root, err := tlog.TreeHash(size, hashes)
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", madeOrigin, size, base64.StdEncoding.EncodeToString(root[:]))
	return note.Sign(&note.Note{Text: text}, signer)
}

func hashLines(hashes []tlog.Hash) string {
	var lines strings.Builder
	for _, hash := range hashes {
		lines.WriteString(base64.StdEncoding.EncodeToString(hash[:]) + "\n")
	}
	return lines.String()
}

// makeReceipts writes receipts.json: the answer to an append of the first entries, as one group.
func makeReceipts(out *writer, entries [][]byte, seed string) error {
	signer, vkey, err := deriveKey(madeHost+"/receipts", seed)
	if err != nil {
		return err
	}
	group := entries
	if len(group) > 5 {
		group = group[:5]
	}
	receipts := make([]receipt, len(group))
	var stored storedHashes
	for i, entry := range group {
		leaf := tlog.RecordHash(entry)
		receipts[i] = receipt{
			Origin: madeOrigin, Log: "main", Index: int64(i), ID: fmt.Sprintf("made-%d", i), Position: int64(i),
			LeafHash: base64.StdEncoding.EncodeToString(leaf[:]), ReceivedAt: madeTime,
		}
		if stored, err = stored.append(int64(i), tlog.RecordHash(receiptLeaf(receipts[i]))); err != nil {
			return err
		}
	}
	root, err := tlog.TreeHash(int64(len(group)), stored)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("indelible.dev/receipt/v1\n%d\n%s\n", len(group), base64.StdEncoding.EncodeToString(root[:]))
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return err
	}
	for i := range receipts {
		proof, err := tlog.ProveRecord(int64(len(group)), int64(i), stored)
		if err != nil {
			return err
		}
		receipts[i].Path = []string{}
		for _, hash := range proof {
			receipts[i].Path = append(receipts[i].Path, base64.StdEncoding.EncodeToString(hash[:]))
		}
	}
	answer, err := json.MarshalIndent(map[string]any{"receipts": receipts, "receipt_note": string(signed)}, "", "  ")
	if err != nil {
		return err
	}
	out.write("receipts.json", append(answer, '\n'))
	out.write("receipts.vkey", []byte(vkey+"\n"))
	return nil
}
