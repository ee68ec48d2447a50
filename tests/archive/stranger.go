// Somebody else's verifier: whether an archive's records make the tree that
// its checkpoint signs, and whether pinned checkpoints are of that tree.
//
//	stranger ARCHIVE LOG_KEY [COSIGNER_KEY...] [-- PIN...]
//
// It is written against golang.org/x/mod/sumdb of Debian
// (golang-golang-x-mod-dev), whose authors do not know perch: notes are opened
// by note.Open, hashes, trees and proofs are tlog's. Nothing of perch is used
// but where C2SP tlog-tiles puts files. Exit 0: the archive holds; 1: it does
// not.
package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const width = 256

func fail(format string, arguments ...interface{}) {
	fmt.Printf("NOT COMPLETE: "+format+"\n", arguments...)
	os.Exit(1)
}

func check(err error) {
	if err != nil {
		fail("%v", err)
	}
}

// cosigner verifies C2SP tlog-cosignature lines, which note does not know.
type cosigner struct {
	name string
	id   uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.id }

func (c cosigner) Verify(message, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s",
		binary.BigEndian.Uint64(signature), message)
	return ed25519.Verify(c.key, []byte(signed), signature[8:])
}

func newCosigner(vkey string) note.Verifier {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		fail("%q is no verifier key", vkey)
	}
	id, err := strconv.ParseUint(parts[1], 16, 32)
	check(err)
	key, err := base64.StdEncoding.DecodeString(parts[2])
	check(err)
	if len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		fail("%q is no cosigner's key", vkey)
	}
	return cosigner{parts[0], uint32(id), ed25519.PublicKey(key[1:])}
}

type checkpoint struct {
	size int64
	root tlog.Hash
}

// open reads a checkpoint and verifies all signatures of known keys; the log's
// and every cosigner's must be there.
func open(file string, verifiers []note.Verifier) checkpoint {
	data, err := os.ReadFile(file)
	check(err)
	opened, err := note.Open(data, note.VerifierList(verifiers...))
	if err != nil {
		fail("%s: %v", file, err)
	}
	if len(opened.Sigs) != len(verifiers) {
		fail("%s: %d of %d have signed", file, len(opened.Sigs),
			len(verifiers))
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifiers[0].Name() {
		fail("%s is no checkpoint of %s", file, verifiers[0].Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err)
	root, err := tlog.ParseHash(lines[2])
	check(err)
	return checkpoint{size, root}
}

// path is C2SP's: groups of three digits, and how wide a partial one is.
func path(level string, index int64, w int) string {
	name := fmt.Sprintf("%03d", index%1000)
	for index >= 1000 {
		index /= 1000
		name = fmt.Sprintf("x%03d/%s", index%1000, name)
	}
	if w < width {
		name += fmt.Sprintf(".p/%d", w)
	}
	return filepath.Join("tile", level, name)
}

// read reads a tile or bundle: the partial one of that width or, in a copy that
// was taken while it grew, the next wider one. Tells whether it is the one.
func read(archive, level string, index int64, w int) ([]byte, bool, error) {
	data, err := os.ReadFile(filepath.Join(archive, path(level, index, w)))
	if err == nil {
		return data, true, nil
	}
	for wider := w + 1; wider <= width; wider++ {
		data, other := os.ReadFile(filepath.Join(archive,
			path(level, index, wider)))
		if other == nil {
			return data, false, nil
		}
	}
	return nil, false, err
}

// hashes reads so many hashes of a tile.
func hashes(archive string, level int, index int64, w int) ([]byte, error) {
	data, exact, err := read(archive, strconv.Itoa(level), index, w)
	if err != nil {
		return nil, err
	}
	want := w * tlog.HashSize
	if len(data) < want || exact && len(data) > want {
		return nil, fmt.Errorf("tile %d/%d has %d bytes, not %d", level,
			index, len(data), want)
	}
	return data[:want], nil
}

// tiles reads an archive's tiles for tlog.TileHashReader, which verifies what
// it is given against the root.
type tiles struct{ archive string }

func (t tiles) Height() int { return 8 }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		data, err := hashes(t.archive, tile.L, tile.N, tile.W)
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// records reads the bundle of that index.
func records(archive string, index, size int64) [][]byte {
	w := size - index*width
	if w > width {
		w = width
	}
	name := path("entries", index, int(w))
	data, exact, err := read(archive, "entries", index, int(w))
	check(err)
	var all [][]byte
	for len(data) > 0 && (exact || int64(len(all)) < w) {
		if len(data) < 2 ||
			len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			fail("%s ends inside a record", name)
		}
		n := int(binary.BigEndian.Uint16(data))
		all = append(all, data[2:2+n])
		data = data[2+n:]
	}
	if int64(len(all)) != w {
		fail("%s has %d records, not %d", name, len(all), w)
	}
	return all
}

// grown is the tree that is made of the records alone.
type grown []tlog.Hash

func (g *grown) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var all []tlog.Hash
	for _, index := range indexes {
		if index >= int64(len(*g)) {
			return nil, fmt.Errorf("hash %d is beyond the tree", index)
		}
		all = append(all, (*g)[index])
	}
	return all, nil
}

// checkTiles holds every tile of every level against the tree of the records.
func checkTiles(archive string, size int64, tree *grown) {
	for level := 0; size>>(8*uint(level)) > 0; level++ {
		for at := int64(0); at < size>>(8*uint(level)); at += width {
			w := size>>(8*uint(level)) - at
			if w > width {
				w = width
			}
			tile := tlog.Tile{H: 8, L: level, N: at / width, W: int(w)}
			made, err := tlog.ReadTileData(tile, tree)
			check(err)
			data, err := hashes(archive, level, tile.N, tile.W)
			check(err)
			if !bytes.Equal(data, made) {
				fail("%s is not what the records make it",
					path(strconv.Itoa(level), tile.N, tile.W))
			}
		}
	}
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr,
			"Usage: stranger ARCHIVE LOG_KEY [COSIGNER_KEY...] [-- PIN...]")
		os.Exit(2)
	}
	archive, keys, pins := os.Args[1], os.Args[2:], []string{}
	for i, argument := range keys {
		if argument == "--" {
			keys, pins = keys[:i], keys[i+1:]
			break
		}
	}
	log, err := note.NewVerifier(keys[0])
	check(err)
	verifiers := []note.Verifier{log}
	for _, key := range keys[1:] {
		verifiers = append(verifiers, newCosigner(key))
	}
	head := open(filepath.Join(archive, "checkpoint"), verifiers)

	var tree grown
	for csn := int64(0); csn < head.size; {
		for _, record := range records(archive, csn/width, head.size) {
			hashes, err := tlog.StoredHashes(csn, record, &tree)
			check(err)
			tree = append(tree, hashes...)
			csn++
		}
	}
	root, err := tlog.TreeHash(head.size, &tree)
	check(err)
	if root != head.root {
		fail("the records make another root than the checkpoint signs")
	}
	checkTiles(archive, head.size, &tree)
	reader := tlog.TileHashReader(tlog.Tree{N: head.size, Hash: head.root},
		tiles{archive})
	for _, pin := range pins {
		old := open(pin, verifiers[:1])
		if old.size > head.size {
			fail("%s has seen %d records, here are %d", pin, old.size,
				head.size)
		}
		proof, err := tlog.ProveTree(head.size, old.size, reader)
		check(err)
		if err := tlog.CheckTree(proof, head.size, head.root, old.size,
			old.root); err != nil {
			fail("%s: %v", pin, err)
		}
	}
	fmt.Printf("COMPLETE: %d records, root %v\n", head.size, head.root)
}
