package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// tileHeight is the one height of c2sp.org/tlog-tiles: 256 hashes in a full tile.
const tileHeight = 8

const (
	maxCheckpoint = 64 << 10
	maxTile       = 256 * tlog.HashSize
	maxBundle     = 256 * (2 + 65535)
	maxAnswer     = 1 << 20
)

var errNotFound = errors.New("not found")

// source reads one log's static files by their path under the log's prefix. Nothing it returns is trusted.
type source interface {
	get(path string, limit int) ([]byte, error)
}

type dirSource string

func (d dirSource) get(path string, limit int) ([]byte, error) {
	file, err := os.Open(filepath.Join(string(d), filepath.FromSlash(path)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNotFound
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAtMost(file, limit)
}

type httpSource struct {
	prefix, key string
	client      *http.Client
}

func newHTTPSource(prefix, key string) *httpSource {
	return &httpSource{strings.TrimSuffix(prefix, "/"), key, &http.Client{Timeout: time.Minute}}
}

func (s *httpSource) get(path string, limit int) ([]byte, error) {
	return s.fetch(s.prefix+"/"+path, limit)
}

// fetch reads one URL. The transport asks for gzip and undoes it, so limit counts bytes after decoding.
func (s *httpSource) fetch(url string, limit int) ([]byte, error) {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if s.key != "" {
		request.Header.Set("Authorization", "Bearer "+s.key)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusNotFound {
		return nil, errNotFound
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", url, response.Status)
	}
	return readAtMost(response.Body, limit)
}

func readAtMost(r io.Reader, limit int) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err == nil && len(data) > limit {
		err = fmt.Errorf("longer than %d bytes", limit)
	}
	return data, err
}

// tilePath gives our path of a tile. Go's carries the height ("tile/8/0/000"), that of tlog-tiles does not.
func tilePath(t tlog.Tile) string {
	return "tile/" + strings.TrimPrefix(t.Path(), fmt.Sprintf("tile/%d/", tileHeight))
}

// bundlePath gives the path of the entry bundle that mirrors a tile of level 0.
func bundlePath(t tlog.Tile) string {
	return "tile/entries/" + strings.TrimPrefix(tilePath(t), "tile/0/")
}

// getTile reads exactly t.W hashes.
func getTile(src source, t tlog.Tile) ([]byte, error) {
	path, want := tilePath(t), t.W*tlog.HashSize
	data, err := src.get(path, maxTile)
	if errors.Is(err, errNotFound) && t.W < 1<<tileHeight {
		// A log may drop a partial tile once the full one exists; the partial is its beginning.
		full := t
		full.W = 1 << tileHeight
		data, err = src.get(tilePath(full), maxTile)
		if err == nil {
			if len(data) != maxTile {
				return nil, fmt.Errorf("%s: %d bytes, want %d", tilePath(full), len(data), maxTile)
			}
			data = data[:want]
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(data) != want {
		return nil, fmt.Errorf("%s: %d bytes, want %d", path, len(data), want)
	}
	return data, nil
}

// getBundle reads exactly t.W entries, where t is the tile of level 0 with their leaf hashes.
func getBundle(src source, t tlog.Tile) ([][]byte, error) {
	path, count := bundlePath(t), t.W
	data, err := src.get(path, maxBundle)
	if errors.Is(err, errNotFound) && t.W < 1<<tileHeight {
		full := t
		full.W = 1 << tileHeight
		path, count = bundlePath(full), full.W
		data, err = src.get(path, maxBundle)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	entries, err := parseBundle(data, count)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return entries[:t.W], nil
}

// parseBundle splits (uint16 big-endian length || entry)*, which must be exactly count entries.
func parseBundle(data []byte, count int) ([][]byte, error) {
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 {
			return nil, errors.New("one dangling byte")
		}
		n := int(data[0])<<8 | int(data[1])
		if len(data) < 2+n {
			return nil, fmt.Errorf("entry %d of the bundle says %d bytes, %d are left", len(entries), n, len(data)-2)
		}
		entries = append(entries, data[2:2+n])
		data = data[2+n:]
	}
	if len(entries) != count {
		return nil, fmt.Errorf("%d entries, want %d", len(entries), count)
	}
	return entries, nil
}

// tileReader lets tlog.TileHashReader read a log's tiles, each fetched once. TileHashReader authenticates what it
// reads against the tree it was given, so nothing needs to be trusted here.
type tileReader struct {
	src  source
	have map[tlog.Tile][]byte
}

func (r *tileReader) Height() int { return tileHeight }

func (r *tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, t := range tiles {
		if r.have[t] == nil {
			tile, err := getTile(r.src, t)
			if err != nil {
				return nil, err
			}
			r.have[t] = tile
		}
		data[i] = r.have[t]
	}
	return data, nil
}

func (r *tileReader) SaveTiles([]tlog.Tile, [][]byte) {}
