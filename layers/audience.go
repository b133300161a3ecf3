package layers

// Audiences of protected releases, from the finest to the coarsest (layers/release).
const (
	AudienceInternal = "internal" // those whose duty it is
	AudienceStaff    = "staff"    // other departments: whoever is signed in
	AudiencePublic   = "public"   // everyone
)

// AudienceField is the field of a layer of counts that says which release a row
// belongs to. A layer with a floor and without this field is served to nobody.
const AudienceField = "audience"
