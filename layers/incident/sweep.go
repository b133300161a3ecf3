package incident

import "context"

// Sweep takes photos that no incident came to show out of the store. Call it
// every few minutes.
func (s *Store) Sweep(ctx context.Context) error {
	if s.Photos == nil {
		return nil
	}
	return s.Photos.sweep(ctx)
}
