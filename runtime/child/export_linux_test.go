package child

// BoundsNamespaces is boundsNamespaces.
func BoundsNamespaces(release string) bool { return boundsNamespaces(release) }
