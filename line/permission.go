package line

import "slices"

// Action is a kind of thing that a person may or may not do.
type Action string

// The actions, as they are said to people: "amna (Viewer) may not operate stations".
const (
	MayOperate      Action = "operate stations"
	MayChangeMode   Action = "change the unit mode"
	MayLoadMaterial Action = "load material"
	MayServiceTools Action = "service tools"
	MayCheckMasters Action = "check reference parts"
	MayAnswer       Action = "answer questions of the line"
	MaySeeToAlarms  Action = "see to alarms"
	MayRetireAlarms Action = "take alarms out of service"
	MayAddOrders    Action = "add orders"
	MayRouteRework  Action = "decide on rework"
	MayScrap        Action = "scrap packs"
	MayWriteOff     Action = "write parts off"
	MayInspect      Action = "inspect parts in quarantine"
	MayDecide       Action = "decide on parts in quarantine"
	MayHold         Action = "hold parts and release holds"
	MayKeepAccounts Action = "keep accounts"
	MayOwnPassword  Action = "change their own password"
	MayLogIn        Action = "log in"
	MayNoteFailures Action = "note failed log-ins"
)

// permissions is the whole matrix: who may do what. What does not stand here nobody may do, the owner of the computer
// included. Nobody at all may edit history. docs/security.md shows it, and a test of the supervisor compares the two.
var permissions = map[Action][]Role{
	MayOperate:      {Operator, TeamLeader, Maintenance},
	MayChangeMode:   {TeamLeader, Maintenance},
	MayLoadMaterial: {Operator, TeamLeader, Maintenance},
	MayServiceTools: {Operator, TeamLeader, Maintenance},
	MayCheckMasters: {Operator, TeamLeader, Maintenance},
	MayAnswer:       {Operator, TeamLeader, Maintenance, Quality}, // what an answer does may ask for more
	MaySeeToAlarms:  {Operator, TeamLeader, Maintenance},
	MayRetireAlarms: {Maintenance},
	MayAddOrders:    {TeamLeader},
	MayRouteRework:  {TeamLeader},
	MayScrap:        {TeamLeader, Quality},
	MayWriteOff:     {TeamLeader, Quality}, // it scraps the pack that is gone
	MayInspect:      {TeamLeader, Maintenance, Quality},
	MayDecide:       {TeamLeader, Quality}, // two people, never the same
	MayHold:         {Quality},
	MayKeepAccounts: {Admin},
	MayOwnPassword:  Roles,
	MayLogIn:        Roles,
	MayNoteFailures: nil, // the edge's own
}

// InPerson reports whether who does it must have shown the supervisor itself who they are, with the password of their account: a
// record that says that two people have decided is worth what is known of who they were. Neither a name that was typed at the
// control socket nor the word of a gateway about a certificate is enough.
func (a Action) InPerson() bool { return a == MayInspect || a == MayDecide }

// WhoMay returns the roles that may do something, and whether the matrix knows it at all.
func WhoMay(a Action) (roles []Role, known bool) {
	roles, known = permissions[a]
	return slices.Clone(roles), known
}

// ActionOf says which action a command is; account is who asks for it. The zero Action is none, and permitted to nobody: so is
// a command that somebody adds and does not name here.
func ActionOf(c Command, account string) Action {
	switch c := c.(type) {
	case Machine:
		return MayOperate
	case SetMode:
		return MayChangeMode
	case LoadMaterial:
		return MayLoadMaterial
	case ServiceTool:
		return MayServiceTools
	case CheckMaster:
		return MayCheckMasters
	case AnswerPrompt:
		return MayAnswer
	case AcknowledgeAlarm, ConfirmAlarm, CommentAlarm, ShelveAlarm, UnshelveAlarm, ResetAlarm:
		return MaySeeToAlarms
	case DisableAlarm:
		return MayRetireAlarms
	case AddOrder:
		return MayAddOrders
	case DecideRework:
		if c.Scrap {
			return MayScrap
		}
		return MayRouteRework
	case WriteOff:
		return MayWriteOff
	case InspectQuarantine:
		return MayInspect
	case DecideQuarantine:
		return MayDecide
	case Hold:
		return MayHold
	case ChangePassword:
		if c.User == account {
			return MayOwnPassword
		}
		return MayKeepAccounts
	case AddUser, ChangeRoles, DisableUser, BindCertificate:
		return MayKeepAccounts
	case LogIn:
		return MayLogIn
	case NoteFailedLogIns:
		return MayNoteFailures
	default:
		return ""
	}
}
