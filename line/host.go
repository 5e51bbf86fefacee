package line

// HostSnapshot is what the computer that runs the line says of itself. It is filled where the snapshot leaves the process: the
// line reads no disk and no clock.
type HostSnapshot struct {
	Known       bool    `json:"known"`
	ClockSynced bool    `json:"clock_synced"` // the kernel's clock follows a time source
	StoreWrites bool    `json:"store_writes"` // the record store takes records; without it the line would have ended
	DiskFree    float64 `json:"disk_free"`    // bytes that are left where the records lie
	DiskSize    float64 `json:"disk_size"`    // bytes
}
